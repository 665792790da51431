"""The gunicorn worker: every thread waits for requests itself, and the end is calm.

It builds on gthread's internals, so pyproject.toml pins gunicorn exactly and
tests/unit/test_worker.py holds what is relied on.
"""

import select
import socket
import struct
import threading
import time
from types import FrameType

from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

# A descriptor that was reported stays silent until it is armed again, so that no two
# threads ever get the same connection.
_ONCE = select.EPOLLIN | select.EPOLLONESHOT

# How long a client may stall in the middle of a request or an answer.
_STALL = struct.pack("ll", 5, 0)  # seconds, microseconds

_TICK = 1.0  # seconds between two looks at what has expired


class FunctionWorker(ThreadWorker):  # type: ignore[misc]
    """Serves a function's two ports from one process.

    The threads share one epoll, and the kernel wakes one of them for each readable
    connection: it answers there and then. A loop that hands requests to a pool would
    pay two thread switches for each. The main thread only keeps time.
    """

    def init_process(self) -> None:
        """Make what the threads share, then run."""
        self._events = select.epoll()
        self._listeners = {listener.fileno(): listener for listener in self.sockets}
        self._open: set[TConn] = set()
        # The open connections without a request, the longest idle first.
        self._idle: dict[int, TConn] = {}
        self._leaving = threading.Event()
        super().init_process()

    def run(self) -> None:
        """Answer requests until told to stop; then finish what has begun."""
        for descriptor, listener in self._listeners.items():
            listener.setblocking(False)
            self._events.register(descriptor, _ONCE)
        for number in range(self.cfg.threads):
            threading.Thread(
                target=self._serve, name=f"requests-{number}", daemon=True
            ).start()
        while self.alive and self.is_parent_alive():
            self._tick()
            self._leaving.wait(_TICK)
        self._finish()

    def handle_exit(self, _sig: int, _frame: FrameType | None) -> None:
        """On SIGTERM, say not ready and go on serving while the edge lets go."""
        self.wsgi.drain()
        end = threading.Timer(self.wsgi.drain_seconds, self._leave)
        end.daemon = True
        end.start()

    def _leave(self) -> None:
        self.alive = False
        self._leaving.set()

    def _serve(self) -> None:
        try:
            self._serve_for_good()
        except BaseException:
            # The main thread would go on keeping time for a worker that serves nobody.
            self.log.exception("a thread ended; the worker leaves for another")
            self._leave()

    def _serve_for_good(self) -> None:
        while True:
            for descriptor, _ in self._events.poll(maxevents=1):
                if conn := self._idle.pop(descriptor, None):
                    self._answer(conn)
                elif listener := self._listeners.get(descriptor):
                    self._accept(listener)

    def _accept(self, listener: socket.socket) -> None:
        try:
            client, address = listener.accept()
        except OSError:
            # The client is gone, or no descriptor is left: the next tick arms the
            # listener again.
            return
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            client.setsockopt(socket.SOL_SOCKET, option, _STALL)
        conn = TConn(self.cfg, client, address, listener.getsockname())
        conn.data_ready = True  # It is answered only when it is readable.
        self._open.add(conn)
        self._events.register(client, 0)
        self._await_request(conn)
        self._listen(listener)

    def _answer(self, conn: TConn) -> None:
        try:
            while self.handle(conn):
                # What was read ahead no longer makes the socket readable.
                if not conn.parser.unreader.buf.getvalue():
                    self._await_request(conn)
                    return
        except BaseException:
            self._close(conn)
            raise
        self._close(conn, graceful=True)

    def _await_request(self, conn: TConn) -> None:
        conn.set_timeout()
        self._idle[conn.sock.fileno()] = conn
        self._events.modify(conn.sock, _ONCE)

    def _tick(self) -> None:
        self.notify()
        self._close_idle(since=time.monotonic())
        for listener in self.sockets:
            self._listen(listener)

    def _listen(self, listener: socket.socket) -> None:
        if len(self._open) < self.cfg.worker_connections:
            self._events.modify(listener, _ONCE)

    def _close_idle(self, since: float) -> None:
        for descriptor, conn in list(self._idle.items()):
            if conn.timeout > since:
                return
            # A thread may have taken it in the meantime.
            if self._idle.pop(descriptor, None):
                self._close(conn)

    def _close(self, conn: TConn, graceful: bool = False) -> None:
        self._open.discard(conn)
        conn.close(graceful)

    def _finish(self) -> None:
        for listener in self._listeners:
            self._events.unregister(listener)
        # A request may be on its way on a connection that was kept. It is answered,
        # with "Connection: close".
        start = time.monotonic()
        while self._open and time.monotonic() - start < self.cfg.graceful_timeout:
            self.notify()
            if time.monotonic() - start > STOP_KEEPALIVE_LINGER:
                self._close_idle(since=float("inf"))
            time.sleep(0.02)
        for listener in self.sockets:
            listener.close()
