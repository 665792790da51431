"""A client's connection: what is read from it, and what is written to it."""

import select
import socket
import time
from contextlib import suppress
from typing import Protocol

from minitwit.server.event_loop import EventLoop
from minitwit.server.request_parser import (
    MalformedRequest,
    Request,
    Requests,
    connection_environ,
)
from minitwit.server.responses import refusal

_RECEIVED = 64 * 1024  # bytes at a time

# How long a client may stall in the middle of a request or an answer (seconds).
_STALL = 5.0

# How long a connection lives on after its last answer, for a client that is still
# sending, and after the worker was told to end, for a request on its way (seconds).
LINGER = 2.0

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Server(Protocol):
    """What a connection asks of who serves it."""

    keepalive: float  # seconds that an idle connection is kept

    def hand_over(self, connection: "Connection", request: Request) -> None:
        """Answer a request by calling `connection.answer`, now or later."""

    def forget(self, connection: "Connection") -> None:
        """Let go of a connection that was closed."""

    def date(self) -> str:
        """Return the time as HTTP writes it."""


class Connection:
    """One client's connection: requests come in, answers go out, one at a time.

    Args:
        hub: tells when there is something to read.
        server: answers the requests.
        stream: the socket.
        client: its other end.
        listener: the address that the client has reached.

    """

    def __init__(
        self,
        hub: EventLoop,
        server: "Server",
        stream: socket.socket,
        client: tuple[str, int],
        listener: tuple[str, int],
    ) -> None:
        self.expires_at = time.monotonic() + server.keepalive
        self.is_busy = False
        self._hub = hub
        self._server = server
        self._stream = stream
        self._requests = Requests(connection_environ(client, listener))
        self._unsent = b""
        self._has_ended = False  # The client sends nothing more.
        self._is_ending = False  # We send nothing more after what is unsent.
        self._is_paused = False  # Nothing is read while a request is answered.
        hub.watch(stream.fileno(), select.EPOLLIN, self._on_event)

    @property
    def is_idle(self) -> bool:
        """Say whether nothing is under way on it."""
        return not (self.is_busy or self._unsent or self._requests.is_amid_one)

    def answer(self, answer: bytes, keeps_alive: bool) -> None:
        """Send the answer to the request that was handed over, then go on."""
        self.is_busy = False
        self._send(answer, keeps_alive)

    def close(self) -> None:
        """Drop the connection, whatever is under way on it."""
        if self._stream.fileno() >= 0:
            self._hub.forget(self._stream.fileno())
            self._stream.close()
            self._server.forget(self)

    def _on_event(self, events: int) -> None:
        if self._unsent:
            self._send(b"", keeps_alive=not self._is_ending)
        elif events & select.EPOLLIN and not self.is_busy:
            self._receive()
        elif events & (select.EPOLLHUP | select.EPOLLERR):
            self.close()
        else:
            # More than one request at a time: the next one is read in its turn.
            self._is_paused = True
            self._watch(0)

    def _receive(self) -> None:
        try:
            data = self._stream.recv(_RECEIVED)
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        if self._is_ending:
            if not data:
                self.close()
            return
        try:
            self._take_in(data)
        except MalformedRequest as error:
            # What came before it in the same piece is not answered either: a client
            # that sends such things gets one answer and no more.
            self._refuse(error)
            return
        self._go_on()

    def _take_in(self, data: bytes) -> None:
        if data:
            self._requests.feed(data)
        elif self._requests.is_amid_one:
            raise MalformedRequest("400 Bad Request", "The request broke off.")
        else:
            self._has_ended = True
        if self._requests.wants_continue:
            self._requests.wants_continue = False
            # A client that hears nothing sends its body all the same.
            with suppress(OSError):
                self._stream.send(_CONTINUE)

    def _go_on(self) -> None:
        if self._requests.complete:
            self.is_busy = True
            self._server.hand_over(self, self._requests.complete.popleft())
        elif self._has_ended:
            self.close()
        else:
            kept = self._server.keepalive
            wait = _STALL if self._requests.is_amid_one else kept
            self.expires_at = time.monotonic() + wait

    def _refuse(self, error: MalformedRequest) -> None:
        answer = refusal(error.status, str(error), self._server.date())
        self._send(answer, keeps_alive=False)

    def _send(self, data: bytes, keeps_alive: bool) -> None:
        data = self._unsent + data
        try:
            sent = self._stream.send(data) if data else 0
        except BlockingIOError:
            sent = 0
        except OSError:
            self.close()
            return
        self._unsent, self._is_ending = data[sent:], not keeps_alive
        if self._unsent:
            self._is_paused = True
            self.expires_at = time.monotonic() + _STALL
            self._watch(select.EPOLLOUT)
        elif self._is_ending:
            self._end()
        else:
            if self._is_paused:
                self._is_paused = False
                self._watch(select.EPOLLIN)
            self._go_on()

    def _end(self) -> None:
        # Closed at once, a client that is still sending would be reset before it has
        # read the answer.
        if self._has_ended:
            self.close()
            return
        try:
            self._stream.shutdown(socket.SHUT_WR)
        except OSError:
            self.close()
            return
        self.expires_at = time.monotonic() + LINGER
        self._watch(select.EPOLLIN)

    def _watch(self, events: int) -> None:
        self._hub.watch(self._stream.fileno(), events, self._on_event)
