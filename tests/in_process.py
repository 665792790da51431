"""MiniTwit inside the test's process: its functions behind an edge, without sockets.

The edge routes by Traefik's own rules, so a request reaches the same function as in
production.
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
URL = "http://minitwit.test"


def settings(function: str, **values: Any) -> Settings:
    """Return a function's settings with a test's own values."""
    fixed = {"function": function, "session_keys": SESSION_KEY, "url": URL}
    return Settings.model_validate(
        {"database_url": "postgresql://nobody@nowhere/nothing", **fixed, **values}
    )


def callers_of(
    store: Store,
    tracer: "Tracer | None" = None,
    functions: Iterable[str] = FUNCTIONS,
    **values: Any,
) -> Callers:
    """Return callers of a MiniTwit on a store, with all functions or some of them."""
    apps = {name: build(settings(name, **values), store, tracer) for name in functions}
    return Callers(URL, Edge(apps))


class Edge(httpx.BaseTransport):
    """Routes a request to the function whose rule matches, as Traefik does."""

    def __init__(self, apps: dict[str, App]) -> None:
        self._apps = apps
        self._order = sorted(apps, key=traefik_priority, reverse=True)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as the whole system would."""
        path, _, query = request.url.raw_path.partition(b"?")
        # Traefik matches the decoded path, and PEP 3333 requires it decoded.
        decoded = unquote_to_bytes(path)
        function = self._function(request.method, decoded.decode("utf-8", "replace"))
        environ = testing.create_environ(
            method=request.method,
            query_string=query.decode("latin-1"),
            headers=_forwarded(request),
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


def _forwarded(request: httpx.Request) -> list[tuple[str, str]]:
    """Return the headers as Traefik forwards them: X-Forwarded-* are its own."""
    sent = [(k.decode(), v.decode("latin-1")) for k, v in request.headers.raw]
    kept = [(k, v) for k, v in sent if not k.lower().startswith("x-forwarded-")]
    return [*kept, ("X-Forwarded-Proto", request.url.scheme)]


def _claims(rule: str, method: str, path: str) -> bool:
    """Evaluate a rule of Traefik's."""
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
