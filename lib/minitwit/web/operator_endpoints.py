"""Operator endpoints on the internal port: /live, /ready, /version, /metrics."""

from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse

import orjson

from minitwit.errors import StorageUnavailable
from minitwit.schema import Schema
from minitwit.settings import Settings
from minitwit.telemetry.metrics import exposition

_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"

Answer = tuple[str, str, bytes]


class Readiness:
    """The readiness of this replica, which latches.

    It is ready from the first check that finds a current schema until it drains. An
    outage of the database later does not count: all replicas would become unready at
    once, and callers would get the edge's error instead of a 503 with Retry-After.

    Args:
        schema: of this process's database.

    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._was_ready = False
        self._draining = False

    def drain(self) -> None:
        """Be unready from now on."""
        self._draining = True

    def check(self) -> tuple[bool, str]:
        """Return whether this replica is ready, and why."""
        if self._draining:
            return False, "shutting down"
        try:
            self._schema.require_current()
        except StorageUnavailable as error:
            return self._was_ready, str(error)
        self._was_ready = True
        return True, "ok"


class OperatorEndpoints:
    """WSGI application of the internal port, which the edge does not route to."""

    def __init__(self, settings: Settings, readiness: Readiness) -> None:
        self._about = {
            "function": settings.function,
            "version": settings.version,
            "revision": settings.revision,
            "environment": settings.environment,
        }
        self._readiness = readiness

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer a request."""
        status, content_type, body = self._answer(environ)
        length = str(len(body))
        start_response(
            status, [("Content-Type", content_type), ("Content-Length", length)]
        )
        return [body]

    def _answer(self, environ: dict[str, Any]) -> Answer:
        match environ["PATH_INFO"]:
            case "/live":
                return "200 OK", _TEXT, b"alive\n"
            case "/ready":
                is_ready, reason = self._readiness.check()
                status = "200 OK" if is_ready else "503 Service Unavailable"
                return status, _JSON, orjson.dumps({"ready": is_ready, "why": reason})
            case "/version":
                return "200 OK", _JSON, orjson.dumps(self._about)
            case "/metrics":
                return "200 OK", *exposition(environ.get("HTTP_ACCEPT", ""))
        return "404 Not Found", _TEXT, b"Try /live, /ready, /version or /metrics.\n"
