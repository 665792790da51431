"""Runs an HTTP server in a thread of the test."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer
from threading import Thread


@contextmanager
def served(server: HTTPServer) -> Iterator[str]:
    """Serve until the block ends, and yield the URL without a slash at its end."""
    host, port = server.server_address[:2]
    with server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://{host!s}:{port}"
        finally:
            server.shutdown()
            thread.join()
