"""gunicorn worker: serves a WSGI application from an event loop in one thread.

Callbacks of the loop read the connections, so a slow or silent client costs nothing but
its socket. A task answers a request that has arrived in full. As many tasks run at once
as gunicorn's setting `threads` says: while one waits for the database, others go on.
"""

import os
import select
import socket
import time
from email.utils import formatdate
from functools import partial
from heapq import nsmallest
from types import FrameType

from gunicorn.workers.base import Worker

from minitwit.server.connection import LINGER, Connection
from minitwit.server.event_loop import EventLoop
from minitwit.server.fair_queue import FairQueue
from minitwit.server.request import Request
from minitwit.server.responses import Response, error_response
from minitwit.server.signals import SignalWatch
from minitwit.server.unsent_responses import SEND_BUFFER, UnsentResponses

_TICK = 1.0  # seconds between two checks for expired connections
_ACCEPTED = 64  # connections at a time, so that established ones get their turn
_EVICTED = 16  # connections at a time
_PRECEDING = 4  # requests at once beyond `threads`
_EXIT = 2.0  # seconds for gunicorn's hook worker_exit; a function's takes up to one

_FAILED = "Something went wrong here."
_BUSY = "Too many requests are waiting; try again in a few seconds."
_UNREAD = "Read the responses to earlier requests first."


class GreenletWorker(Worker):  # type: ignore[misc]
    """Serves one WSGI application on all of gunicorn's listeners.

    The application may have two methods:

    - `drain()` is called on SIGTERM and returns the seconds for which the worker goes
      on serving, so that load balancers can notice.
    - `takes_precedence(environ)` says whether a request need not wait for others, as
      that of a health check; up to four such requests are answered beyond `threads`.
    """

    def init_process(self) -> None:
        """Create what the tasks share, then run."""
        # Read once: gunicorn computes a setting each time.
        self.keepalive = float(self.cfg.keepalive)
        self._threads = int(self.cfg.threads)
        self._max_connections = int(self.cfg.worker_connections)
        self._loop = EventLoop()
        self._connections: set[Connection] = set()
        self._unsent = UnsentResponses()
        self._waiting: FairQueue[tuple[Connection, Request]] = FairQueue()
        self._running = 0
        self._is_listening = False
        self._stops_at = self._ends_at = float("inf")
        self._ticks_at = 0.0
        self._date = (0, "")
        super().init_process()

    def run(self) -> None:
        """Answer requests until SIGTERM; then finish those that have begun."""
        self._takes_precedence = getattr(
            self.wsgi, "takes_precedence", lambda _environ: False
        )
        for listener in self.sockets:
            listener.setblocking(False)
            # Accepted sockets inherit it.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._listen()
        self._signals = SignalWatch(self._loop)
        while self.alive and self.ppid == os.getppid():
            self._run_once()
        self._finish()

    def handle_exit(self, _sig: int, _frame: FrameType | None) -> None:
        """On SIGTERM, stop: at once, or after the seconds that `drain()` returns."""
        # A signal may come before the application is loaded.
        drain = getattr(getattr(self, "wsgi", None), "drain", None)
        seconds = drain() if drain else 0.0
        now = time.monotonic()
        self._stops_at = min(self._stops_at, now + seconds)
        # gunicorn's arbiter counts from the signal until it kills the worker.
        self._ends_at = min(self._ends_at, now + self.cfg.graceful_timeout - _EXIT)

    # ---- Requests

    def dispatch(self, connection: Connection, request: Request) -> None:
        """Answer a request, as soon as fewer than `threads` are being answered.

        At most half of the connections may wait, so that there are others to evict.
        """
        if self._running < self._threads or self._precedes(request):
            self._running += 1
            self._loop.start(self._answer_all, connection, request)
        elif len(self._waiting) < self._max_connections // 2:
            self._waiting.append(connection.client, (connection, request))
        else:
            self._refuse(connection, request, "503 Service Unavailable", _BUSY)

    def on_unsent(self, connection: Connection, size: int) -> None:
        """Take note of a response that its client has not read, or has read by now."""
        self._unsent.update(connection, size)

    def on_closed(self, connection: Connection) -> None:
        """Forget a connection."""
        self._connections.discard(connection)
        self._unsent.remove(connection)
        if not self._is_listening and self.alive:
            self._listen()

    def on_error(self) -> None:
        """Log the exception that is being handled."""
        self.log.exception("a connection failed")

    def date(self) -> str:
        """Return the time in the format of HTTP; it is the same for a second."""
        now = int(time.time())
        if now != self._date[0]:
            self._date = (now, formatdate(now, usegmt=True))
        return self._date[1]

    def _precedes(self, request: Request) -> bool:
        has_room = self._running < self._threads + _PRECEDING
        return has_room and bool(self._takes_precedence(request.environ))

    def _answer_all(self, connection: Connection, request: Request) -> None:
        while True:
            try:
                if connection.is_abandoned(request):
                    connection.close()
                elif self._unsent.are_too_many(connection.client):
                    self._refuse(connection, request, "429 Too Many Requests", _UNREAD)
                else:
                    self._answer(connection, request)
            except Exception:
                # What one connection raises must not cost the others this task.
                self.on_error()
                connection.close()
            # Beyond `threads`, a task ends rather than answers what waits.
            if not self._waiting or self._running > self._threads:
                self._running -= 1
                return
            connection, request = self._waiting.popleft()

    def _answer(self, connection: Connection, request: Request) -> None:
        response = Response(request, closes=not self.alive)
        try:
            chunks = self.wsgi(request.environ, response.start)
            data = response.serialize(chunks, self.date())
        except Exception:
            self.log.exception("the application failed")
            self._refuse(connection, request, "500 Internal Server Error", _FAILED)
        else:
            connection.respond(data, response.keeps_alive)

    def _refuse(
        self, connection: Connection, request: Request, status: str, message: str
    ) -> None:
        method = request.environ["REQUEST_METHOD"]
        response = error_response(status, message, self.date(), method)
        connection.respond(response, keeps_alive=False)

    # ---- Time

    def _run_once(self) -> None:
        self._loop.run_once(min(_TICK, max(0.0, self._stops_at - time.monotonic())))
        now = time.monotonic()
        if now >= self._stops_at:
            self.alive = False
        if now >= self._ticks_at:
            self._tick(now)

    def _tick(self, now: float) -> None:
        self._ticks_at = now + _TICK
        self.notify()
        self._expire(now)
        if not self._is_listening and self.alive:
            self._listen()

    def _expire(self, now: float) -> None:
        for connection in list(self._connections):
            if not connection.is_busy and connection.expires_at <= now:
                connection.expire(now)

    def _close_idle(self) -> None:
        for connection in list(self._connections):
            if connection.is_idle:
                connection.close()

    def _finish(self) -> None:
        self.alive = False
        self._stop_listening()
        for listener in self.sockets:
            # The kernel has established these connections. It refuses later ones, so
            # that Traefik tries another replica at once.
            self._accept(listener, self._max_connections)
            listener.close()
        # A request may be on its way on a connection that was kept. It is answered,
        # with "Connection: close".
        start = time.monotonic()
        end = min(self._ends_at, start + self.cfg.graceful_timeout)
        while self._connections and (now := time.monotonic()) < end:
            self._loop.run_once(0.05)
            if now >= self._ticks_at:
                self._tick(now)
            if now - start > LINGER:
                self._close_idle()

    # ---- New connections

    def _listen(self) -> None:
        self._is_listening = True
        for listener in self.sockets:
            accept = partial(self._accept, listener, _ACCEPTED)
            self._loop.watch(listener.fileno(), select.EPOLLIN, accept)

    def _stop_listening(self) -> None:
        self._is_listening = False
        for listener in self.sockets:
            self._loop.unwatch(listener.fileno())

    def _accept(self, listener: socket.socket, most: int, _events: int = 0) -> None:
        for _ in range(most):
            if len(self._connections) >= self._max_connections:
                self._evict()
            if len(self._connections) >= self._max_connections:
                self._stop_listening()  # Until one is closed.
                return
            try:
                accepted, client = listener.accept()
            except BlockingIOError:
                return
            except ConnectionError:
                continue  # It was reset before it could be accepted.
            except OSError:
                # No descriptor is left; until a connection is closed.
                self._stop_listening()
                self._evict()
                return
            accepted.setblocking(False)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            local = accepted.getsockname()
            self._connections.add(
                Connection(self._loop, self, accepted, client[:2], local[:2])
            )

    def _evict(self) -> None:
        """Close the oldest connections on which no request is being answered.

        Those that send a request slowly come first: the others cost nothing, and their
        client may be about to use them.
        """
        candidates = [c for c in self._connections if c.is_receiving or c.is_idle]
        oldest = nsmallest(
            _EVICTED, candidates, key=lambda c: (not c.is_receiving, c.expires_at)
        )
        for connection in oldest:
            connection.evict()
