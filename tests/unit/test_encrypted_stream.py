"""TLS between pg8000 and PostgreSQL, against a server without PostgreSQL."""

import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from minitwit.postgres.certificate_authority import trusting
from minitwit.postgres.encrypted_stream import EncryptedStream, UntrustedServer
from tests.certificates import Certificate, make_certificate

HOST = "data_postgres"
SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
LARGE = b"x" * 6_000_000


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Return the certificate of a server of that name."""
    return make_certificate(tmp_path_factory.mktemp("certificate"), HOST)


class Peer:
    """The server's end, which decides what is in a record and when it is sent."""

    def __init__(self, connected: socket.socket, certificate: Certificate) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # As PostgreSQL: a ticket would make an idle connection readable.
        context.num_tickets = 0
        context.load_cert_chain(certificate.server)
        self.socket = connected
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def accept(self) -> None:
        """Negotiate TLS as PostgreSQL does."""
        assert self.socket.recv(100) == SSL_REQUEST
        self.socket.sendall(b"S")
        while True:
            self._incoming.write(self.socket.recv(100_000))
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self.socket.sendall(self._outgoing.read())
            else:
                return

    def encrypted(self, *records: bytes) -> bytes:
        """Return these records, encrypted."""
        for record in records:
            rest = memoryview(record)
            while rest:
                rest = rest[self.tls.write(rest) :]
        return self._outgoing.read()

    def received(self, size: int) -> bytes:
        """Return so many bytes of what the client sends."""
        received = b""
        while len(received) < size:
            try:
                received += self.tls.read(100_000)
            except ssl.SSLWantReadError:
                self._incoming.write(self.socket.recv(100_000))
        return received


Established = tuple[EncryptedStream, Peer]


@contextmanager
def ends(certificate: Certificate) -> Iterator[Established]:
    """Yield both ends of a connection, unencrypted as yet."""
    here, there = socket.socketpair()
    with here, there:
        there.settimeout(10)
        yield EncryptedStream(here, timeout=10), Peer(there, certificate)


@pytest.fixture
def established(certificate: Certificate) -> Iterator[Established]:
    with ends(certificate) as (stream, server), ThreadPoolExecutor(1) as other:
        accepted = other.submit(server.accept)
        stream.encrypt(trusting(certificate.ca), HOST)
        accepted.result()
        yield stream, server


def test_an_idle_connection_has_nothing_to_read_until_the_server_hangs_up(
    established: Established,
) -> None:
    stream, server = established
    assert server.tls.version() == "TLSv1.3"
    watch = stream.watch()
    assert not watch.is_readable()
    server.socket.close()
    assert watch.is_readable()


def test_records_that_arrive_together_are_returned_together(
    established: Established,
) -> None:
    """None may stay behind in OpenSSL, where no wait for the socket would find it."""
    stream, server = established
    records = [b"B" * 9, b"D" * 9000, b"D" * 16384, b"Z" * 6]
    server.socket.sendall(server.encrypted(*records))
    assert stream.receive() == b"".join(records)
    assert not stream.watch().is_readable()


def test_an_answer_may_come_byte_by_byte(established: Established) -> None:
    stream, server = established
    for byte in server.encrypted(b"12345", b"678"):
        server.socket.sendall(bytes([byte]))
    assert stream.read(5) == b"12345"
    assert stream.read(3) == b"678"


def test_an_answer_is_waited_for_although_a_part_of_its_record_is_there(
    established: Established,
) -> None:
    stream, server = established
    first, second = server.encrypted(b"1"), server.encrypted(b"2")
    server.socket.sendall(first + second[:-1])
    assert stream.receive() == b"1"
    stream.timeout = 0.01
    with pytest.raises(TimeoutError):
        stream.receive()
    server.socket.sendall(second[-1:])
    assert stream.receive() == b"2"


def test_large_messages_go_both_ways(established: Established) -> None:
    stream, server = established
    with ThreadPoolExecutor(1) as other:
        sent = other.submit(server.socket.sendall, server.encrypted(LARGE))
        assert stream.receive(len(LARGE)) == LARGE
        sent.result()
        received = other.submit(server.received, len(LARGE))
        stream.write(LARGE)
        stream.flush()
        assert received.result() == LARGE


def test_a_row_that_is_followed_by_more_is_complete(established: Established) -> None:
    stream, server = established
    with ThreadPoolExecutor(1) as other:
        message = server.encrypted(LARGE, b"next")
        sent = other.submit(server.socket.sendall, message)
        received = stream.receive(len(LARGE) - 3)
        sent.result()
    while len(received) < len(LARGE) + 4:
        received += stream.receive()
    assert received == LARGE + b"next"


@pytest.mark.parametrize("is_orderly", [True, False])
def test_a_server_that_hangs_up_leaves_less_to_read(
    established: Established, is_orderly: bool
) -> None:
    stream, server = established
    message = server.encrypted(b"123")
    if is_orderly:
        with pytest.raises(ssl.SSLWantReadError):
            server.tls.unwrap()
        message += server.encrypted()
    else:
        message += server.encrypted(b"lost")[:-1]
    server.socket.sendall(message)
    server.socket.close()
    assert stream.read(5) == b"123"
    assert stream.read(5) == b""
    for size in (1, 100):
        with pytest.raises(ConnectionError):
            stream.receive(size)


def test_a_record_that_was_changed_on_the_way_ends_the_connection(
    established: Established,
) -> None:
    stream, server = established
    record = bytearray(server.encrypted(b"123"))
    record[-1] ^= 1
    server.socket.sendall(record)
    with pytest.raises(OSError, match=r"(?i)bad record mac|decryption failed"):
        stream.receive()


@pytest.mark.parametrize("answer", [b"N", b"E"])
def test_a_server_without_tls_is_refused(
    certificate: Certificate, answer: bytes
) -> None:
    with ends(certificate) as (stream, server):
        server.socket.sendall(answer)
        with pytest.raises(UntrustedServer, match="set ssl = on at the server"):
            stream.encrypt(trusting(certificate.ca), HOST)
        assert server.socket.recv(1000) == SSL_REQUEST


def test_what_follows_the_answer_unencrypted_is_not_accepted(
    certificate: Certificate,
) -> None:
    with ends(certificate) as (stream, server):
        server.socket.sendall(b"S" + b"R\0\0\0\x08\0\0\0\0")
        with pytest.raises(ssl.SSLError):
            stream.encrypt(trusting(certificate.ca), HOST)


@pytest.mark.parametrize("answer", [b"", b"S"])
def test_a_server_that_hangs_up_or_is_silent_is_noticed(
    certificate: Certificate, answer: bytes
) -> None:
    with ends(certificate) as (stream, server):
        server.socket.sendall(answer)
        stream.timeout = 0.01
        with pytest.raises(TimeoutError):
            stream.encrypt(trusting(certificate.ca), HOST)
    with ends(certificate) as (stream, server):
        server.socket.sendall(answer)
        server.socket.shutdown(socket.SHUT_WR)
        with pytest.raises(ConnectionError, match=f"{HOST} hung up"):
            stream.encrypt(trusting(certificate.ca), HOST)


@pytest.mark.parametrize(
    ("name", "days", "reason"),
    [
        ("other", 1, f"(?i)certificate of {HOST} is refused .*mismatch.*: make one"),
        (HOST, -1, r"\(certificate has expired\): renew it"),
        (HOST, 1, r"\(.*issuer.*\): name .* in MINITWIT_DATABASE_CA_FILE"),
    ],
)
def test_a_certificate_that_proves_nothing_is_refused(
    tmp_path: Path, certificate: Certificate, name: str, days: int, reason: str
) -> None:
    own = make_certificate(tmp_path, name, days=days)
    is_signed = (name, days) != (HOST, 1)
    trusted = own if is_signed else certificate
    with ends(own) as (stream, server), ThreadPoolExecutor(1) as other:
        accepted = other.submit(server.accept)
        with pytest.raises(UntrustedServer, match=reason):
            stream.encrypt(trusting(trusted.ca), HOST)
        with pytest.raises(ssl.SSLError, match=r"(?i)alert"):
            accepted.result()


def test_several_authorities_are_trusted_while_a_certificate_is_replaced(
    tmp_path: Path, certificate: Certificate
) -> None:
    new = make_certificate(tmp_path, HOST)
    both = tmp_path / "both.pem"
    both.write_bytes(new.ca.read_bytes() + certificate.ca.read_bytes())
    for own in (new, certificate):
        with ends(own) as (stream, server), ThreadPoolExecutor(1) as other:
            accepted = other.submit(server.accept)
            stream.encrypt(trusting(both), HOST)
            accepted.result()


def test_nothing_of_an_authority_remains_but_its_certificate(tmp_path: Path) -> None:
    """With its key more certificates could be made."""
    made = make_certificate(tmp_path / "made", HOST)
    assert {path.name for path in (tmp_path / "made").iterdir()} == {
        *("ca.pem", "server.pem")
    }
    assert "PRIVATE" not in made.ca.read_text()
    assert made.server.stat().st_mode & 0o77 == 0
