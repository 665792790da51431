"""Socket for pg8000 that omits its Flush messages and waits through a `Network`."""

import socket
from typing import Self

from minitwit.postgres.network import BLOCKING, IdleWatch, Network

# The protocol's message that asks the server to send what it has so far.
_FLUSH = b"H\x00\x00\x00\x04"

RECEIVED = 64 * 1024  # bytes at a time


class Stream:
    """A socket for pg8000 that leaves out the flushes pg8000 requests of the server.

    pg8000 requests one after each message of a statement, so that an answer comes in
    three pieces, each of which wakes both sides. The Sync at the end of a statement
    makes the server send everything anyway:
    https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY

    Args:
        connected: the socket.
        timeout: seconds to wait for an answer; it may be changed.
        network: how to wait.

    Attributes:
        certificate_expiry: when the server's certificate expires, in seconds since
            1970; None without TLS.

    """

    certificate_expiry: float | None = None

    def __init__(
        self, connected: socket.socket, timeout: float, network: Network = BLOCKING
    ) -> None:
        self.timeout = timeout
        self._socket = connected
        self._network = network
        self._unsent = bytearray()
        self._unread = bytearray()
        self._watch: IdleWatch | None = None

    # ---- For prepared statements

    def send(self, message: bytes | bytearray) -> None:
        """Send a message at once."""
        self._socket.sendall(message)

    def receive(self, size: int = 1) -> bytes:
        """Return what comes next: at least `size` bytes.

        Raises:
            OSError: not so much comes, since the server hung up or is silent.

        """
        received = self._receive()
        if not received:
            raise ConnectionError("the server hung up")
        if len(received) < size:
            received += self._fill(bytearray(size - len(received)))
        return received

    def push_back(self, received: bytes) -> None:
        """Put received bytes back, for `read` to return."""
        self._unread += received

    def watch(self) -> IdleWatch:
        """Return a watch that notices a server that hangs up; it lasts until close."""
        self._watch = self._network.watch_idle(self._socket.fileno())
        return self._watch

    # ---- For pg8000

    def makefile(self, mode: str) -> Self:
        """Return itself: it is read and written like a file."""
        return self

    def write(self, part: bytes) -> None:
        """Buffer a message, or a part of one, until the end of the statement."""
        if part != _FLUSH:
            self._unsent += part

    def flush(self) -> None:
        """Send what is buffered."""
        self.send(self._unsent)
        self._unsent.clear()

    def read(self, size: int) -> bytes:
        """Return `size` bytes, or fewer when the server hung up."""
        while len(self._unread) < size:
            received = self._receive()
            if not received:
                break
            self._unread += received
        data = bytes(self._unread[:size])
        del self._unread[:size]
        return data

    def close(self) -> None:
        """Close the socket."""
        if self._watch:
            self._watch.close()
        self._socket.close()

    def _fill(self, buffer: bytearray) -> bytearray:
        """Receive a large row in one place: pieces would take twice the memory."""
        with memoryview(buffer) as rest:
            start = 0
            while start < len(rest):
                self._network.wait_readable(self._socket.fileno(), self.timeout)
                count = self._socket.recv_into(rest[start:])
                if not count:
                    raise ConnectionError("the server hung up")
                start += count
        return buffer

    def _receive(self) -> bytes:
        self._network.wait_readable(self._socket.fileno(), self.timeout)
        return self._socket.recv(RECEIVED)
