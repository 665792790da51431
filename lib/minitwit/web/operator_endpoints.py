"""What operators ask on the internal port: /live, /ready, /version, /metrics."""

from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse

import orjson
from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder

from minitwit.errors import StorageUnavailable
from minitwit.schema import Schema
from minitwit.settings import Settings

_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"

Answer = tuple[str, str, bytes]


class Readiness:
    """Whether this replica may get traffic.

    It is ready from the moment it has seen a good schema until it drains. A database
    that goes away later does not count: then every replica would be taken out at once,
    and callers would get the edge's error instead of a 503 that says when to return.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._was_ready = False
        self._draining = False

    def drain(self) -> None:
        """Say not ready from now on."""
        self._draining = True

    def check(self) -> tuple[bool, str]:
        """Return whether traffic may come, and why."""
        if self._draining:
            return False, "shutting down"
        try:
            self._schema.require_current()
        except StorageUnavailable as error:
            return self._was_ready, str(error)
        self._was_ready = True
        return True, "ok"


class Operators:
    """The WSGI application on the internal port; no router publishes it."""

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
        """Answer an operator."""
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
                encode, content_type = choose_encoder(environ.get("HTTP_ACCEPT", ""))
                return "200 OK", content_type, encode(REGISTRY)
        return "404 Not Found", _TEXT, b"Ask /live, /ready, /version or /metrics.\n"
