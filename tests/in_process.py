"""The whole of MiniTwit inside the test's process: four functions behind an edge.

The edge reads the very rules that Traefik gets, so a request finds its function as
it does in production; no socket is opened.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

import httpx
from falcon import testing

from minitwit.settings import Settings
from minitwit.store import Store
from minitwit.web.app import App, build
from minitwit.web.routes import FUNCTIONS
from minitwit.web.traefik_rules import traefik_priority, traefik_rule
from tests.contract.callers import Callers

if TYPE_CHECKING:
    from minitwit.telemetry.span_export import Tracer

SESSION_KEY = "k" * 32


def settings(function: str, **values: Any) -> Settings:
    """Return a function's settings, as a test wants them."""
    fixed = {"function": function, "session_keys": SESSION_KEY}
    return Settings.model_validate(
        {"database_url": "postgresql://nobody@nowhere/nothing", **fixed, **values}
    )


def callers_of(
    store: Store,
    tracer: "Tracer | None" = None,
    functions: Iterable[str] = FUNCTIONS,
    **values: Any,
) -> Callers:
    """Return callers of a MiniTwit that stands on a store; functions may be away."""
    apps = {name: build(settings(name, **values), store, tracer) for name in functions}
    return Callers("http://minitwit.test", Edge(apps))


class Edge(httpx.BaseTransport):
    """Hands a request to the function whose router claims it."""

    def __init__(self, apps: dict[str, App]) -> None:
        self._apps = apps
        self._order = sorted(apps, key=traefik_priority, reverse=True)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as the system would."""
        path, _, query = request.url.raw_path.partition(b"?")
        # Traefik matches the path decoded, and so does WSGI want it (PEP 3333).
        decoded = unquote_to_bytes(path)
        function = self._function(request.method, decoded.decode("utf-8", "replace"))
        environ = testing.create_environ(
            method=request.method,
            query_string=query.decode("latin-1"),
            headers=[(k.decode(), v.decode("latin-1")) for k, v in request.headers.raw],
            body=request.read(),
        )
        environ["PATH_INFO"] = decoded.decode("latin-1")
        started = testing.StartResponseMock()
        body = _joined(self._apps[function](environ, started))
        if request.method == "HEAD":
            body = b""
        assert started.status is not None
        status = int(started.status.split()[0])
        headers = list(started.headers or ())
        return httpx.Response(status, headers=headers, content=body)

    def _function(self, method: str, path: str) -> str:
        return next(f for f in self._order if _claims(traefik_rule(f), method, path))


def _claims(rule: str, method: str, path: str) -> bool:
    """Evaluate one of Traefik's rules."""
    expression = rule.replace("&&", "and").replace("||", "or").replace("`", '"')
    matchers = {
        "Method": lambda wanted: method == wanted,
        "PathPrefix": lambda prefix: path.startswith(prefix),
        "PathRegexp": lambda pattern: re.search(pattern, path) is not None,
    }
    return bool(eval(expression, {}, matchers))  # noqa: S307 (our own words)


def _joined(chunks: Iterable[bytes]) -> bytes:
    try:
        return b"".join(chunks)
    finally:
        if close := getattr(chunks, "close", None):
            close()
