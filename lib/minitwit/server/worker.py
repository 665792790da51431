"""The gunicorn worker: one thread, many requests at a time, and a calm end.

Connections are read by callbacks of the hub, so a slow or silent client costs nothing
but its socket. A request that has arrived in full is answered by a task, of which as
many run at once as gunicorn's setting `threads` says: while one waits for PostgreSQL
the others go on.
"""

import errno
import os
import select
import socket
import time
from collections import deque
from email.utils import formatdate
from functools import partial
from types import FrameType

from gunicorn.workers.base import Worker

from minitwit.server.connection import LINGER, Connection
from minitwit.server.event_loop import EventLoop
from minitwit.server.request_parser import Request
from minitwit.server.responses import Answer, refusal

_TICK = 1.0  # seconds between two looks at what has expired
_SIGNALS = 64  # at a time
_ACCEPTED = 64  # connections at a time, so that those that are there get their turn

_FAILED = "Something went wrong here."


class FunctionWorker(Worker):  # type: ignore[misc]
    """Serves a function's two ports from one process."""

    def init_process(self) -> None:
        """Make what the tasks share, then run."""
        self.keepalive = float(self.cfg.keepalive)
        self._hub = EventLoop()
        self._connections: set[Connection] = set()
        self._waiting: deque[tuple[Connection, Request]] = deque()
        self._arrivals: list[socket.socket] = []
        self._running = 0
        self._leaves_at = float("inf")
        self._ticks_at = 0.0
        self._date = (0, "")
        super().init_process()

    def run(self) -> None:
        """Answer requests until told to stop; then finish what has begun."""
        for listener in self.sockets:
            listener.setblocking(False)
        self._listen()
        # gunicorn writes there when a signal arrives, so that it is heeded at once.
        self._hub.watch(self.PIPE[0], select.EPOLLIN, self._on_signal)
        while self.alive and self.ppid == os.getppid():
            self._turn()
        self._finish()

    def handle_exit(self, _sig: int, _frame: FrameType | None) -> None:
        """On SIGTERM, say not ready and go on serving while the edge lets go."""
        self.wsgi.drain()
        self._leaves_at = min(
            self._leaves_at, time.monotonic() + self.wsgi.drain_seconds
        )

    def hand_over(self, connection: Connection, request: Request) -> None:
        """Answer a request, as soon as fewer are being answered than may be."""
        if self._running < self.cfg.threads:
            self._running += 1
            self._hub.start(self._work, connection, request)
        else:
            self._waiting.append((connection, request))

    def forget(self, connection: Connection) -> None:
        """Let go of a connection that was closed."""
        self._connections.discard(connection)

    def date(self) -> str:
        """Return the time as HTTP writes it; it is the same for a whole second."""
        now = int(time.time())
        if now != self._date[0]:
            self._date = (now, formatdate(now, usegmt=True))
        return self._date[1]

    def _work(self, connection: Connection, request: Request) -> None:
        while True:
            self._answer(connection, request)
            if not self._waiting:
                self._running -= 1
                return
            connection, request = self._waiting.popleft()

    def _answer(self, connection: Connection, request: Request) -> None:
        answer = Answer(request, closes=not self.alive)
        try:
            data = answer.bytes(self.wsgi(request.environ, answer.start), self.date())
        except Exception:
            self.log.exception("a function raised what it should have answered")
            failure = refusal("500 Internal Server Error", _FAILED, self.date())
            connection.answer(failure, keeps_alive=False)
        else:
            connection.answer(data, answer.keeps_alive)

    # ---- Time

    def _on_signal(self, _events: int) -> None:
        os.read(self.PIPE[0], _SIGNALS)

    def _turn(self) -> None:
        self._hub.turn(min(_TICK, max(0.0, self._leaves_at - time.monotonic())))
        # Only now: a new connection may get the number of one that was closed in this
        # turn, and would get what else the turn had to tell to that number.
        while self._arrivals:
            self._accept(self._arrivals.pop())
        now = time.monotonic()
        if now >= self._leaves_at:
            self.alive = False
        if now >= self._ticks_at:
            self._ticks_at = now + _TICK
            self.notify()
            self._expire(now)
            self._listen()

    def _expire(self, now: float) -> None:
        for connection in list(self._connections):
            if not connection.is_busy and connection.expires_at <= now:
                connection.close()

    def _close_idle(self) -> None:
        for connection in list(self._connections):
            if connection.is_idle:
                connection.close()

    def _finish(self) -> None:
        for listener in self.sockets:
            self._hub.forget(listener.fileno())
        # A request may be on its way on a connection that was kept. It is answered,
        # with "Connection: close".
        start = time.monotonic()
        end = start + self.cfg.graceful_timeout
        while self._connections and time.monotonic() < end:
            self._hub.turn(0.05)
            self.notify()
            if time.monotonic() - start > LINGER:
                self._close_idle()
        for listener in self.sockets:
            listener.close()

    # ---- New connections

    def _listen(self) -> None:
        for listener in self.sockets:
            self._hub.watch(
                listener.fileno(), select.EPOLLIN, partial(self._on_arrival, listener)
            )

    def _on_arrival(self, listener: socket.socket, _events: int) -> None:
        self._arrivals.append(listener)

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_ACCEPTED):
            try:
                if len(self._connections) >= self.cfg.worker_connections:
                    raise OSError(errno.EMFILE, "too many connections")
                stream, client = listener.accept()
            except BlockingIOError:
                return
            except OSError:
                # No descriptor is left; the next tick listens again.
                self._hub.forget(listener.fileno())
                return
            stream.setblocking(False)
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server = listener.getsockname()[:2]
            self._connections.add(
                Connection(self._hub, self, stream, client[:2], server)
            )
