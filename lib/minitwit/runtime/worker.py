"""The gunicorn worker: gthread with a calm end and, for one thread, no hand-over.

It builds on gthread's internals, so pyproject.toml pins gunicorn exactly and
tests/system holds what is relied on.
"""

import selectors
import threading
import time
from functools import partial
from types import FrameType
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker


class _Done:
    """The future of a request that was answered at once."""

    def __init__(self, result: object) -> None:
        self._result = result

    def result(self) -> object:
        return self._result

    def cancelled(self) -> bool:
        return False


class FunctionWorker(ThreadWorker):  # type: ignore[misc]
    """Serves a function's two ports from one process.

    With one thread a request is answered in the loop that polls the connections. A
    pool of one would answer as many at once, and pay two thread switches for each.
    """

    def handle_exit(self, _sig: int, _frame: FrameType | None) -> None:
        """On SIGTERM, say not ready and go on serving while the edge lets go."""
        self.wsgi.drain()
        end = threading.Timer(self.wsgi.drain_seconds, super().handle_exit, (0, None))
        end.daemon = True
        end.start()

    def accept(self, listener: Any) -> None:
        """Accept a connection; with one thread, wait in the poller for its bytes."""
        if self.cfg.threads > 1:
            super().accept(listener)
            return
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        conn = TConn(self.cfg, client, address, listener.getsockname())
        conn.timeout = time.monotonic() + self.cfg.keepalive
        self.pending_conns.append(conn)
        self.poller.register(
            client,
            selectors.EVENT_READ,
            partial(self.on_pending_socket_readable, conn),
        )

    def enqueue_req(self, conn: Any) -> None:
        """Answer a connection's request: in the pool, or with one thread right here."""
        if self.cfg.threads > 1:
            super().enqueue_req(conn)
        else:
            self.finish_request(conn, _Done(self.handle(conn)))
