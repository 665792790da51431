"""MiniTwit inside the test's process: its functions behind an edge, without sockets.

The edge routes by Traefik's own rules, so a request reaches the same function as in
production.
"""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

import httpx

from deploy.edge.traefik_rules import traefik_priority, traefik_rule
from minitwit.server.request import connection_environ
from minitwit.server.request_parser import RequestParser
from minitwit.server.responses import Response, error_response
from minitwit.settings import Settings
from minitwit.store import Store
from minitwit.web.app import App, build
from minitwit.web.routes import FUNCTIONS
from tests.contract.callers import Callers

if TYPE_CHECKING:
    from minitwit.telemetry.span_export import Tracer

SESSION_KEY = "k" * 32
URL = "http://minitwit.test"

_DATE = "Wed, 25 Nov 2026 00:00:00 GMT"


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
    return callers_of_stores(dict.fromkeys(functions, store), tracer, **values)


def callers_of_stores(
    stores: Mapping[str, Store], tracer: "Tracer | None" = None, **values: Any
) -> Callers:
    """Return callers of a MiniTwit whose functions have stores of their own."""
    apps = {
        name: build(settings(name, **values), store, tracer)
        for name, store in stores.items()
    }
    return Callers(URL, Edge(apps))


class Edge(httpx.BaseTransport):
    """Routes a request to the function whose rule matches, as Traefik does."""

    def __init__(self, apps: dict[str, App]) -> None:
        self._apps = apps
        self._order = sorted(apps, key=traefik_priority, reverse=True)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as the system would, by the server's own parser and serializer."""
        path = unquote_to_bytes(request.url.raw_path.partition(b"?")[0])
        # Traefik matches the path decoded.
        function = self._function(request.method, path.decode("utf-8", "replace"))
        environ = connection_environ(("127.0.0.1", 4711), 8000)
        parser = RequestParser(environ, "127.0.0.1:8000")
        parser.feed(_serialized(request))
        if error := parser.error:
            return _parsed(error_response(error.status, str(error), _DATE))
        [incoming] = parser.requests
        response = Response(incoming, closes=False)
        chunks = self._apps[function](incoming.environ, response.start)
        return _parsed(response.serialize(chunks, _DATE))

    def _function(self, method: str, path: str) -> str:
        return next(f for f in self._order if _claims(traefik_rule(f), method, path))


def _forwarded(request: httpx.Request) -> list[tuple[bytes, bytes]]:
    """Return the headers as Traefik forwards them: X-Forwarded-* are its own."""
    sent = request.headers.raw
    kept = [(k, v) for k, v in sent if not k.lower().startswith(b"x-forwarded-")]
    return [*kept, (b"X-Forwarded-Proto", request.url.scheme.encode())]


def _claims(rule: str, method: str, path: str) -> bool:
    """Evaluate a rule of Traefik's."""
    expression = rule.replace("&&", "and").replace("||", "or").replace("`", '"')
    matchers = {
        "Method": lambda wanted: method == wanted,
        "PathPrefix": lambda prefix: path.startswith(prefix),
        "PathRegexp": lambda pattern: re.search(pattern, path) is not None,
    }
    return bool(eval(expression, {}, matchers))  # noqa: S307 (our own words)


def _serialized(request: httpx.Request) -> bytes:
    lines = [b"%s %s HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    lines += (b"%s: %s" % header for header in _forwarded(request))
    body = request.read()
    if "Transfer-Encoding" in request.headers:
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _parsed(response: bytes) -> httpx.Response:
    head, _, body = response.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    headers = [
        (name, value) for name, _, value in (ln.partition(b": ") for ln in lines)
    ]
    return httpx.Response(int(status.split()[1]), headers=headers, content=body)
