"""Application factory: a function's handler, its store and the middleware."""

import importlib
import logging
import os
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from wsgiref.types import StartResponse

import falcon

from minitwit.postgres.address import Address
from minitwit.postgres.database import Database
from minitwit.postgres.network import Network
from minitwit.postgres.standby import ReplicatedDatabase, Standby
from minitwit.server import event_loop
from minitwit.settings import Settings
from minitwit.store import Store
from minitwit.telemetry import error_reports
from minitwit.telemetry.metrics import (
    RequestMetrics,
    observe_certificate_expiry,
    observe_lag,
    observe_query,
)
from minitwit.telemetry.middleware import Telemetry
from minitwit.telemetry.spans import query_span
from minitwit.web.browser_auth import BrowserAuth
from minitwit.web.browser_responses import BrowserResponses
from minitwit.web.csrf import CsrfProtection
from minitwit.web.error_responses import ErrorResponses
from minitwit.web.operator_endpoints import OperatorEndpoints, Readiness
from minitwit.web.password_auth import PasswordAuth
from minitwit.web.read_your_writes import ReadYourWrites
from minitwit.web.request_data import DecimalField
from minitwit.web.routes import (
    PAGES,
    ROUTES,
    Route,
    allowed_methods,
    routes_of,
    served_paths,
)
from minitwit.web.security_headers import SecurityHeaders
from minitwit.web.signed_cookies import SignedCookies
from minitwit.web.simulator_auth import SimulatorAuth

if TYPE_CHECKING:
    from minitwit.telemetry.span_export import Tracer

_log = logging.getLogger(__name__)

# Enough for the last spans and error reports, too short to delay a release.
_FLUSH_SECONDS = 1.0

App = falcon.App[Any, Any]


@dataclass(frozen=True)
class Services:
    """What a handler's `routes(services)` builds its resources from.

    Attributes:
        store: the persistent state.
        cookies: the signed cookies.
        auth: signs browsers in and out, and tells who sends a request.
        passwords: checks the passwords that browsers send.
        browser: redirects with flash messages.
        url: public address of the site, without a slash at the end.
        version: of the image.

    """

    store: Store
    cookies: SignedCookies
    auth: BrowserAuth
    passwords: PasswordAuth
    browser: BrowserResponses
    url: str
    version: str


class Function:
    """WSGI application of a function, with separate ports for callers and operators.

    Args:
        settings: of the function.
        callers: the application of the callers' port.
        readiness: of this replica.
        stop_exporting: flushes the spans.

    """

    def __init__(
        self,
        settings: Settings,
        callers: App,
        readiness: Readiness,
        stop_exporting: Callable[[], None],
    ) -> None:
        self._drain_seconds = settings.drain_seconds
        self._callers = callers
        self._operators = OperatorEndpoints(settings, readiness)
        self._operator_port = str(settings.operator_port)
        self._readiness = readiness
        self._stop_exporting = stop_exporting

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer a request."""
        if environ["SERVER_PORT"] == self._operator_port:
            return self._operators(environ, start_response)
        return self._callers(environ, start_response)

    def takes_precedence(self, environ: dict[str, Any]) -> bool:
        """Say whether operators ask: while callers wait, a health check must not."""
        return bool(environ["SERVER_PORT"] == self._operator_port)

    def drain(self) -> float:
        """Become unready; return the seconds that the edge may take to notice."""
        self._readiness.drain()
        return self._drain_seconds

    def close(self) -> None:
        """Flush spans and error reports, for at most a second."""
        actions = (self._stop_exporting, error_reports.stop)
        threads = [threading.Thread(target=act, daemon=True) for act in actions]
        end = time.monotonic() + _FLUSH_SECONDS
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0, end - time.monotonic()))


def create_app(
    environment: Mapping[str, str] = os.environ, network: Network = event_loop
) -> Function:
    """Create the function that MINITWIT_FUNCTION names; gunicorn calls this.

    Args:
        environment: where the settings are.
        network: how to wait for the database, by default as a task of the server's
            event loop.

    Raises:
        InvalidSettings: a setting is missing or malformed.

    """
    settings = Settings.from_environment(environment)
    _log.info("settings: %s", settings.masked())
    store = _open_store(settings, network)
    error_reports.start(settings)
    return assemble(settings, store)


def assemble(settings: Settings, store: Store) -> Function:
    """Create a function on a store."""
    readiness = Readiness(store.schema)
    if settings.otlp_endpoint is None:
        return Function(settings, build(settings, store), readiness, lambda: None)
    # Imported only where spans are sent, because of its cost (see the module).
    from minitwit.telemetry.span_export import Tracer, collector

    tracer = Tracer(settings, collector(settings.otlp_endpoint))
    return Function(settings, build(settings, store, tracer), readiness, tracer.stop)


def _open_store(settings: Settings, network: Network) -> Store:
    def open_database(settings: Settings) -> Database:
        return Database(
            settings, network, observe_query, query_span, observe_certificate_expiry
        )

    def open_standby(url: str, host: str) -> Standby:
        at_host = settings.model_copy(update={"database_url": url})
        return Standby(open_database(at_host), partial(observe_lag, host))

    primary = open_database(settings)
    if settings.database_read_url is None:
        return Store.on(primary, run_in_thread=network.run_in_thread)
    user = Address.parse(settings.database_url).user
    address = replace(Address.parse(settings.database_read_url), user=user)
    standbys = [open_standby(address.url(host), host) for host in address.hosts]
    # Reads go to the first that is current, so each replica has an order of its own.
    random.shuffle(standbys)
    replicated = ReplicatedDatabase(primary, standbys)
    return Store.on(primary, replicated, network.run_in_thread)


def build(settings: Settings, store: Store, tracer: "Tracer | None" = None) -> App:
    """Create the Falcon app of a function's handler, with the middleware."""
    cookies = SignedCookies(settings.session_key_ring, settings.session_days)
    auth = BrowserAuth(cookies, store.sessions)
    browser = BrowserResponses(cookies, auth)
    passwords = PasswordAuth(store.users, cookies)
    services = Services(
        store, cookies, auth, passwords, browser, settings.url, settings.version
    )
    handler = importlib.import_module(f"functions.{settings.function}.handler")
    metrics = RequestMetrics(settings)
    credential = settings.simulator_credential.get_secret_value()
    read_your_writes = [ReadYourWrites()] if settings.database_read_url else []
    app: App = falcon.App(
        middleware=[
            Telemetry(metrics, tracer),
            SecurityHeaders(),
            *read_your_writes,
            CsrfProtection(),
            SimulatorAuth(credential, store.latest),
        ]
    )
    app.req_options.strip_url_path_trailing_slash = True
    app.router_options.converters["decimal"] = DecimalField
    _add_routes(app, settings.function, handler.routes(services))
    ErrorResponses(cookies).install(app)
    return app


def _answer_options(
    req: falcon.Request, resp: falcon.Response, **_parameters: str
) -> None:
    """Name the methods of a path, also those that another function serves."""
    resp.set_header("Content-Length", "0")
    resp.set_header("Allow", ", ".join(allowed_methods(req.uri_template or "")))


class _AnsweredElsewhere:
    """A path of another function.

    While that function has no replica, the edge has no route to it and falls back to
    the pages' function: a method that it serves is a 503 here, and any other a 405.
    """

    on_options = staticmethod(_answer_options)


def _add_routes(app: App, function: str, resources: Mapping[str, object]) -> None:
    for route in routes_of(function):
        resource = resources[route.path]
        vars(resource)["on_options"] = _answer_options
        if hasattr(resource, "on_get") and not hasattr(resource, "on_head"):
            # Falcon and the server omit the body.
            vars(resource)["on_head"] = resource.on_get
        for path in served_paths(route):
            app.add_route(path, resource)
    if function == PAGES:
        for path in sorted(_paths(ROUTES) - _paths(routes_of(function))):
            app.add_route(path, _AnsweredElsewhere())


def _paths(routes: Iterable[Route]) -> set[str]:
    return {path for route in routes for path in served_paths(route)}
