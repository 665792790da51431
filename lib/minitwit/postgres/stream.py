"""The bytes between us and PostgreSQL: a socket, as pg8000 and as we use it."""

import select
import socket
from typing import Self

from minitwit.server.event_loop import EventLoop, current_loop, wait_readable

# The protocol's message that asks the server to send what it has so far.
_FLUSH = b"H\x00\x00\x00\x04"

_RECEIVED = 64 * 1024  # bytes at a time


class Stream:
    """A socket as pg8000 takes it, without the flushes that it asks the server for.

    It asks for one after every message of a statement, so that an answer comes in three
    pieces, each of which wakes both sides. The Sync at the end of each statement makes
    the server send everything anyway:
    https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY

    Args:
        stream: the socket.
        patience: seconds to wait for an answer; it may be changed.

    """

    def __init__(self, stream: socket.socket, patience: float) -> None:
        self.patience = patience
        self._stream = stream
        self._unsent = bytearray()
        self._unread = bytearray()
        self._hub: EventLoop | None = None
        self._has_news = False

    # ---- As we use it

    def send(self, message: bytes) -> None:
        """Send a message at once."""
        self._stream.sendall(message)

    def receive(self) -> bytes:
        """Return what comes next, in whatever pieces it comes.

        Raises:
            OSError: nothing comes, since the server hung up or is silent.

        """
        received = self._next()
        if not received:
            raise ConnectionError("the server hung up")
        return received

    def give_back(self, received: bytes) -> None:
        """Let `read` return what was received before."""
        self._unread += received

    def watch(self) -> None:
        """Let the hub, if one runs, watch from now on for what comes unasked."""
        self._hub = current_loop()
        if self._hub:
            self._hub.watch(self._stream.fileno(), select.EPOLLIN, self._on_news)

    def has_news(self) -> bool:
        """Say whether something came unasked, as when the server hung up."""
        if self._hub:
            return self._has_news
        poll = select.poll()
        poll.register(self._stream, select.POLLIN)
        return bool(poll.poll(0))

    def _on_news(self, _events: int) -> None:
        self._has_news = True
        self._stop_watching()

    def _stop_watching(self) -> None:
        if self._hub and self._stream.fileno() >= 0:
            self._hub.forget(self._stream.fileno())

    # ---- As pg8000 uses it

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
            received = self._next()
            if not received:
                break
            self._unread += received
        data = bytes(self._unread[:size])
        del self._unread[:size]
        return data

    def _next(self) -> bytes:
        wait_readable(self._stream.fileno(), self.patience)
        return self._stream.recv(_RECEIVED)

    def close(self) -> None:
        """Close the socket."""
        self._stop_watching()
        self._stream.close()
