"""What pg8000 writes to and reads from: the bytes between us and PostgreSQL."""

import socket
from typing import Self

# The protocol's message that asks the server to send what it has so far.
_FLUSH = b"H\x00\x00\x00\x04"

_RECEIVED = 64 * 1024  # bytes at a time


class Wire:
    """A socket as pg8000 takes it, without the flushes that it asks the server for.

    It asks for one after every message of a statement, so that an answer comes in three
    pieces, each of which wakes both sides. The Sync at the end of each statement makes
    the server send everything anyway:
    https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
    """

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._unsent = bytearray()
        self._unread = bytearray()

    def makefile(self, mode: str) -> Self:
        """Return itself: it is written to and read from as a file is."""
        return self

    def write(self, part: bytes) -> None:
        """Keep a message, or a part of one, until the end of the statement."""
        if part != _FLUSH:
            self._unsent += part

    def flush(self) -> None:
        """Send everything."""
        self._stream.sendall(self._unsent)
        self._unsent.clear()

    def read(self, size: int) -> bytes:
        """Return so many bytes, or fewer when the server hung up."""
        while len(self._unread) < size:
            received = self._stream.recv(_RECEIVED)
            if not received:
                break
            self._unread += received
        data = bytes(self._unread[:size])
        del self._unread[:size]
        return data

    def close(self) -> None:
        """Close the socket."""
        self._stream.close()
