"""A function for the worker's tests: /slow waits, /large is long, /exit ends."""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse

from minitwit.server.event_loop import run_in_thread

LARGE = 8_000_000  # bytes; more than a socket takes at once


class SlowFunction:
    """What the worker asks of a function, without a store."""

    def __init__(self) -> None:
        self.drain_seconds = float(os.environ["WORKER_TEST_DRAIN"])
        self._gate = Path(os.environ["WORKER_TEST_GATE"])

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer at once, or behind the gate."""
        if environ["PATH_INFO"] == "/slow":
            self._gate.with_suffix(".entered").touch()
            run_in_thread(self._wait_for_the_gate)
        if environ["PATH_INFO"] == "/exit":
            raise SystemExit
        body = environ["PATH_INFO"].encode() + environ["wsgi.input"].read()
        if environ["PATH_INFO"] == "/large":
            body = b"!" * LARGE
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    def _wait_for_the_gate(self) -> None:
        while not self._gate.exists():
            time.sleep(0.005)

    def drain(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""
