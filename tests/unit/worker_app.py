"""Applications for the worker's tests, one that drains and a plain one."""

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse
from wsgiref.validate import validator

from minitwit.server.event_loop import run_in_thread

LARGE = 8_000_000  # bytes; more than a socket takes at once


class SlowApplication:
    """Answers with the path and the body.

    /slow waits for the gate, /large is long, /exit ends the worker, /pid names it, and
    /executed lists the paths of all POST requests. A request from the address
    "operator" takes precedence.
    """

    def __init__(self) -> None:
        self._executed: list[str] = []
        self._gate = Path(os.environ["WORKER_TEST_GATE"])

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer at once, or behind the gate."""
        if environ["REQUEST_METHOD"] == "POST":
            self._executed.append(environ["PATH_INFO"])
        if environ["PATH_INFO"] == "/slow":
            with self._gate.with_suffix(".entered").open("a") as entered:
                entered.write("!")
            run_in_thread(self._wait_for_the_gate)
        if environ["PATH_INFO"] == "/exit":
            raise SystemExit
        body = environ["PATH_INFO"].encode() + environ["wsgi.input"].read()
        if environ["PATH_INFO"] == "/large":
            body = b"!" * LARGE
        elif environ["PATH_INFO"] == "/pid":
            body = str(os.getpid()).encode()
        elif environ["PATH_INFO"] == "/executed":
            body = " ".join(self._executed).encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    def _wait_for_the_gate(self) -> None:
        while not self._gate.exists():
            time.sleep(0.005)

    def takes_precedence(self, environ: dict[str, Any]) -> bool:
        """Say whether a request need not wait for others."""
        return environ.get("HTTP_X_FORWARDED_FOR") == "operator"

    def drain(self) -> float:
        """Return the seconds for which the worker goes on serving."""
        return float(os.environ["WORKER_TEST_DRAIN"])


def _plain(environ: dict[str, Any], start_response: StartResponse) -> Iterator[bytes]:
    if environ["PATH_INFO"] == "/fails":
        raise ZeroDivisionError
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH", 0)))
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    write(environ["REQUEST_METHOD"].encode())
    yield environ["PATH_INFO"].encode()
    yield body


# The standard library's validator complains about everything that PEP 3333 forbids,
# also of the server.
plain = validator(_plain)
