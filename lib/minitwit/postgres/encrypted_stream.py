"""TLS between pg8000 and PostgreSQL.

OpenSSL works in memory, and the bytes between it and the socket are moved here. So a
task waits for the socket as it does without TLS, and what arrives is decrypted at once:
while the socket is not readable, there is nothing to read. An `ssl.SSLSocket` would
hide some of it, and read each record in two system calls.
"""

import ssl
from collections.abc import Mapping
from contextlib import suppress
from struct import pack
from typing import Any

from minitwit.postgres.stream import RECEIVED, Stream

# The protocol's message that asks for TLS, and the answer of a server that has it:
# https://www.postgresql.org/docs/18/protocol-message-formats.html
_SSL_REQUEST = pack(">ii", 8, 80877103)
_HAS_TLS = b"S"

_RECORD = 16 * 1024  # bytes; none is longer

_EXPIRED, _WRONG_NAME = 10, 62  # of X509_V_ERR_…


class UntrustedServer(ConnectionError):
    """The server does not prove who it is, or does not encrypt."""


class EncryptedStream(Stream):
    """A stream over TLS; `encrypt` has to be called before anything else."""

    def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Negotiate TLS and verify the server's certificate.

        Args:
            context: whom to trust.
            host: the name or address that the certificate has to have.

        Raises:
            UntrustedServer: the server has no TLS, or another certificate.
            OSError: the server hung up or is silent.

        """
        self._require_tls(host)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=host
        )
        while not self._is_established(host):
            if not self._fetch():
                raise ConnectionError(f"{host} hung up while TLS was negotiated")
        self.certificate_expiry = _expiry(self._tls.getpeercert())

    def send(self, message: bytes | bytearray) -> None:
        """Encrypt a message and send it at once."""
        with memoryview(message) as rest:
            start = 0
            # A call encrypts one record.
            while start < len(rest):
                start += self._tls.write(rest[start:])
        self._socket.sendall(self._outgoing.read())

    def _require_tls(self, host: str) -> None:
        self._socket.sendall(_SSL_REQUEST)
        self._network.wait_readable(self._socket.fileno(), self.timeout)
        # One byte: what follows it unencrypted has to fail as a part of the handshake.
        answer = self._socket.recv(1)
        if not answer:
            raise ConnectionError(f"{host} hung up when TLS was requested")
        if answer != _HAS_TLS:
            raise UntrustedServer(
                f"{host} does not offer TLS: set ssl = on at the server, with a "
                "certificate, or unset MINITWIT_DATABASE_CA_FILE on a network that "
                "you trust"
            )

    def _is_established(self, host: str) -> bool:
        """Go on with the handshake as far as what has arrived allows."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._socket.sendall(self._outgoing.read())
            return False
        except ssl.SSLCertVerificationError as error:
            # The alert, for the server's log.
            with suppress(OSError):
                self._socket.sendall(self._outgoing.read())
            raise UntrustedServer(_explain(error, host)) from error
        self._socket.sendall(self._outgoing.read())
        return True

    def _fetch(self) -> bool:
        """Move what arrives next to OpenSSL; return False when the server hung up."""
        self._network.wait_readable(self._socket.fileno(), self.timeout)
        received = self._socket.recv(RECEIVED)
        self._incoming.write(received)
        return bool(received)

    def _receive(self) -> bytes:
        while self._fetch():
            if decrypted := self._decrypt():
                return decrypted
        return b""

    def _decrypt(self) -> bytes:
        """Return all that has arrived, but for an incomplete record at its end."""
        records = []
        with suppress(ssl.SSLWantReadError):
            while self._incoming.pending or self._tls.pending():
                record = self._tls.read(_RECORD)
                if not record:
                    break  # The server has closed its side; the socket will say so.
                records.append(record)
        return records[0] if len(records) == 1 else b"".join(records)

    def _fill(self, buffer: bytearray) -> bytearray:
        start = 0
        while start < len(buffer):
            received = self._receive()
            if not received:
                raise ConnectionError("the server hung up")
            # What goes beyond the end is appended.
            buffer[start : start + len(received)] = received
            start += len(received)
        return buffer


def _expiry(certificate: Mapping[str, Any] | None) -> float:
    # A context that verifies certificates accepts no server without one.
    return ssl.cert_time_to_seconds((certificate or {})["notAfter"])


def _explain(error: ssl.SSLCertVerificationError, host: str) -> str:
    match error.verify_code:
        case code if code == _EXPIRED:
            advice = "renew it"
        case code if code == _WRONG_NAME:
            advice = "make one with this name, or connect by the name that it has"
        case _:
            advice = (
                "name the certificate of the authority that signed it in "
                "MINITWIT_DATABASE_CA_FILE"
            )
    return f"The certificate of {host} is refused ({error.verify_message}): {advice}"
