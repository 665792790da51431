"""A client's HTTP/1.1 connection: keep-alive, pipelining, flow control, time-outs."""

import select
import socket
import time
from contextlib import suppress
from typing import Protocol

from minitwit.server.event_loop import EventLoop
from minitwit.server.outgoing import Outgoing
from minitwit.server.request import Request, connection_environ
from minitwit.server.request_parser import RequestParser
from minitwit.server.responses import error_response

_RECEIVED = 64 * 1024  # bytes at a time
_PARSED = 2 * 1024  # bytes at a time; most requests are shorter

# Seconds in which a client has to send more of a request, to read more of a response,
# and to send a whole request, however steadily it trickles in.
_SEND_TIMEOUT = 5.0
_READ_TIMEOUT = 10.0
REQUEST_TIMEOUT = 15.0

# Lingering close: seconds after the last response for a client that is still sending,
# and after the worker stopped accepting, for a request that is on its way.
LINGER = 2.0

_TOO_SLOW = ("408 Request Timeout", "The request took too long to arrive.")

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_READABLE = select.EPOLLIN | select.EPOLLRDHUP

# Methods that change nothing (RFC 9110, 9.2.1).
_SAFE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))


class Server(Protocol):
    """What a connection needs of the server."""

    keepalive: float  # seconds that an idle connection is kept

    def dispatch(self, connection: "Connection", request: Request) -> None:
        """Answer a request by calling `connection.respond`, now or later."""

    def on_unsent(self, connection: "Connection", size: int) -> None:
        """Take note of the size of a response that its client has not read, or of 0."""

    def on_closed(self, connection: "Connection") -> None:
        """Forget a connection."""

    def on_error(self) -> None:
        """Report the exception that is being handled."""

    def date(self) -> str:
        """Return the time in the format of HTTP."""


class Connection:
    """One client's connection: requests are read and answered one at a time.

    Args:
        loop: the event loop.
        server: answers the requests.
        accepted: the socket.
        client: address and port of its other end.
        local: address and port of this end.

    """

    def __init__(
        self,
        loop: EventLoop,
        server: Server,
        accepted: socket.socket,
        client: tuple[str, int],
        local: tuple[str, int],
    ) -> None:
        self.expires_at = time.monotonic() + server.keepalive
        self.is_busy = False  # A request is being answered, or waits for that.
        self.client = client[0]  # A proxy's connection has one after the other.
        self._loop = loop
        self._server = server
        self._socket = accepted
        environ = connection_environ(client, local[1])
        self._parser = RequestParser(environ, f"{local[0]}:{local[1]}")
        self._unparsed = b""
        self._request_ends_at: float | None = None
        self._outgoing = Outgoing(accepted)
        self._peer_shut_down = False  # The client sends nothing after what is unread.
        self._at_eof = False  # The client's last byte was read.
        self._is_closing = False  # We send nothing more after what is unsent.
        self._is_paused = False  # Nothing is read while a request is answered.
        loop.watch(accepted.fileno(), _READABLE, self._on_event)

    @property
    def is_idle(self) -> bool:
        """Say whether nothing is under way on it."""
        return not (
            self.is_busy or self._outgoing.unsent or self._parser.is_mid_request
        )

    @property
    def is_receiving(self) -> bool:
        """Say whether a part of a request has arrived."""
        return self._parser.is_mid_request

    def is_abandoned(self, request: Request) -> bool:
        """Say whether the client hung up, so that an unsafe request is not executed.

        A client that has only closed its sending side looks the same, so safe methods
        are still answered, unless it is a proxy: those close both.
        """
        if self._socket.fileno() < 0:
            return True
        if not self._peer_shut_down:
            return False
        is_safe = request.environ["REQUEST_METHOD"] in _SAFE
        return request.is_proxied or not is_safe

    def respond(self, response: bytes, keeps_alive: bool) -> None:
        """Send the response to the request that was dispatched, then go on."""
        self.is_busy = False
        if self._socket.fileno() >= 0:
            self._send(response, keeps_alive)

    def expire(self, now: float) -> None:
        """Close the connection, unless its client has read something meanwhile."""
        if self._outgoing.unsent or self._is_closing:
            if self._outgoing.is_read():
                self.expires_at = now + _READ_TIMEOUT
                return
        elif self.is_receiving:
            self._refuse(*_TOO_SLOW)
            return
        self.close()

    def evict(self) -> None:
        """Close the connection because there are too many."""
        if self.is_receiving:
            self._refuse(*_TOO_SLOW)
        self.close()

    def close(self) -> None:
        """Close the connection at once."""
        if self._socket.fileno() >= 0:
            self._loop.unwatch(self._socket.fileno())
            self._socket.close()
            self._outgoing.clear()  # The task that has answered still refers to it.
            self._server.on_closed(self)

    def _on_event(self, events: int) -> None:
        if events & select.EPOLLRDHUP:
            self._peer_shut_down = True
        try:
            if self._outgoing.unsent:
                self._send(b"", keeps_alive=not self._is_closing)
            elif events & select.EPOLLIN and not self.is_busy:
                self._receive()
            elif events & (select.EPOLLHUP | select.EPOLLERR):
                self.close()
            else:
                # A pipelined request is read when its turn comes.
                self._is_paused = True
                self._watch(0 if self._peer_shut_down else select.EPOLLRDHUP)
        except Exception:
            self._server.on_error()
            self.close()

    def _receive(self) -> None:
        try:
            data = self._socket.recv(_RECEIVED)
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        if self._is_closing:
            if not data:
                self.close()
            return
        self._unparsed = data
        self._at_eof = not data
        self._next()

    def _parse(self) -> None:
        """Parse as far as the next request: parsed ones need far more memory."""
        while self._unparsed and not self._parser.requests:
            piece, self._unparsed = self._unparsed[:_PARSED], self._unparsed[_PARSED:]
            self._parser.feed(piece)
        if self._at_eof and not self._parser.requests:
            self._parser.feed_eof()
        if self._parser.expects_continue and not self._parser.requests:
            self._parser.expects_continue = False
            # A client that receives nothing sends its body all the same.
            with suppress(OSError):
                self._socket.send(_CONTINUE)

    def _next(self) -> None:
        """Answer the next request, or wait for it."""
        self._parse()
        if self._parser.requests:
            self.is_busy = True
            self._request_ends_at = None
            request = self._parser.requests.popleft()
            self.client = request.client
            self._server.dispatch(self, request)
        elif error := self._parser.error:
            self._refuse(error.status, str(error))
        elif self.is_receiving:
            now = time.monotonic()
            self._request_ends_at = self._request_ends_at or now + REQUEST_TIMEOUT
            self.expires_at = min(now + _SEND_TIMEOUT, self._request_ends_at)
        elif self._at_eof:
            self.close()
        else:
            self.expires_at = time.monotonic() + self._server.keepalive

    def _refuse(self, status: str, message: str) -> None:
        response = error_response(status, message, self._server.date())
        self._send(response, keeps_alive=False)

    def _send(self, response: bytes, keeps_alive: bool) -> None:
        was_unsent = bool(self._outgoing.unsent)
        try:
            self._outgoing.send(response)
        except OSError:
            self.close()
            return
        self._is_closing = not keeps_alive
        if self._outgoing.unsent:
            self._is_paused = True
            self.expires_at = time.monotonic() + _READ_TIMEOUT
            self._watch(select.EPOLLOUT)
            if not was_unsent:
                self._server.on_unsent(self, len(response))
            return
        if was_unsent:
            self._server.on_unsent(self, 0)
        if self._is_closing:
            self._end()
            return
        if self._is_paused:
            self._is_paused = False
            self._watch(_READABLE)
        self._next()

    def _end(self) -> None:
        """Close the sending side; the rest when the client has closed its own.

        Closing both would reset the connection of a client that is still sending,
        before it has read the response.
        """
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.close()
            return
        self._outgoing.is_read()
        self.expires_at = time.monotonic() + LINGER
        self._watch(select.EPOLLIN)

    def _watch(self, events: int) -> None:
        self._loop.watch(self._socket.fileno(), events, self._on_event)
