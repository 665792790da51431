"""Assembles a function: its handler, the store, and the runtime around them."""

import importlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from wsgiref.types import StartResponse

import falcon

from minitwit.postgres.database import Database
from minitwit.postgres.network import Network
from minitwit.postgres.standby import ReplicatedDatabase
from minitwit.server import event_loop
from minitwit.settings import Settings
from minitwit.store import Store
from minitwit.telemetry import error_reports as reports
from minitwit.telemetry.metrics import RequestMetrics, observe_lag, observe_query
from minitwit.telemetry.middleware import Telemetry
from minitwit.telemetry.spans import query_span
from minitwit.web.browser_responses import Browser
from minitwit.web.csrf import CsrfProtection
from minitwit.web.error_responses import ErrorResponses
from minitwit.web.operator_endpoints import Operators, Readiness
from minitwit.web.read_your_writes import ReadYourWrites
from minitwit.web.routes import PAGES, ROUTES, Route, routes_of, served_paths
from minitwit.web.sessions import Sessions
from minitwit.web.simulator_auth import SimulatorMiddleware

if TYPE_CHECKING:
    from minitwit.telemetry.span_export import Tracer

_log = logging.getLogger(__name__)

# Enough for the last spans and error reports, and no more than a release notices.
_HAND_OVER_SECONDS = 1.0

App = falcon.App[Any, Any]


@dataclass(frozen=True)
class Services:
    """What a handler's `routes` may take from."""

    store: Store
    sessions: Sessions
    browser: Browser
    version: str


class Function:
    """A function as its worker runs it: callers on one port, operators on another."""

    def __init__(
        self,
        settings: Settings,
        callers: App,
        readiness: Readiness,
        stop_exporting: Callable[[], None],
    ) -> None:
        self._drain_seconds = settings.drain_seconds
        self._callers = callers
        self._operators = Operators(settings, readiness)
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

    def drain(self) -> float:
        """Report not ready; return the seconds that the edge may take to notice."""
        self._readiness.drain()
        return self._drain_seconds

    def close(self) -> None:
        """Hand over what telemetry still holds, as far as that can be done soon."""
        actions = (self._stop_exporting, reports.stop)
        threads = [threading.Thread(target=act, daemon=True) for act in actions]
        end = time.monotonic() + _HAND_OVER_SECONDS
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0, end - time.monotonic()))


def create_app(
    environment: Mapping[str, str] = os.environ, network: Network = event_loop
) -> Function:
    """Assemble the function that MINITWIT_FUNCTION names; gunicorn calls this.

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
    reports.start(settings)
    return assemble(settings, store)


def assemble(settings: Settings, store: Store) -> Function:
    """Assemble the function that stands on a store."""
    readiness = Readiness(store.schema)
    if settings.otlp_endpoint is None:
        return Function(settings, build(settings, store), readiness, lambda: None)
    # Imported only where spans are sent; it says what it costs.
    from minitwit.telemetry.span_export import Tracer, collector

    tracer = Tracer(settings, collector(settings.otlp_endpoint))
    return Function(settings, build(settings, store, tracer), readiness, tracer.stop)


def _open_store(settings: Settings, network: Network) -> Store:
    def open_database(settings: Settings) -> Database:
        return Database(settings, network, observe_query, query_span)

    primary = open_database(settings)
    if settings.database_read_url is None:
        return Store.on(primary, run_in_thread=network.run_in_thread)
    at_standby = {"database_url": settings.database_read_url}
    standby = open_database(settings.model_copy(update=at_standby))
    replicated = ReplicatedDatabase(primary, standby, observe_lag)
    return Store.on(primary, replicated, network.run_in_thread)


def build(settings: Settings, store: Store, tracer: "Tracer | None" = None) -> App:
    """Wire a function's handler into a Falcon app, with the runtime around it."""
    sessions = Sessions(settings.session_key_ring, settings.session_days)
    services = Services(store, sessions, Browser(sessions), settings.version)
    handler = importlib.import_module(f"functions.{settings.function}.handler")
    metrics = RequestMetrics(settings)
    credential = settings.simulator_credential.get_secret_value()
    freshness = [ReadYourWrites()] if settings.database_read_url else []
    app: App = falcon.App(
        middleware=[
            Telemetry(metrics, tracer),
            *freshness,
            CsrfProtection(),
            SimulatorMiddleware(credential, store.latest),
        ]
    )
    app.req_options.strip_url_path_trailing_slash = True
    _add_routes(app, settings.function, handler.routes(services))
    ErrorResponses(services.browser).install(app)
    return app


class _AnsweredElsewhere:
    """A path whose methods another function answers.

    So every other method is a 405 here, and these are a 503: while that function has no
    replica, the edge has no route to it and takes the one to the pages.
    """


def _add_routes(app: App, function: str, resources: Mapping[str, object]) -> None:
    for route in routes_of(function):
        resource = resources[route.path]
        if hasattr(resource, "on_get") and not hasattr(resource, "on_head"):
            # Falcon and the server drop the body themselves.
            vars(resource)["on_head"] = resource.on_get
        for path in served_paths(route):
            app.add_route(path, resource)
    if function == PAGES:
        for path in sorted(_paths(ROUTES) - _paths(routes_of(function))):
            app.add_route(path, _AnsweredElsewhere())


def _paths(routes: Iterable[Route]) -> set[str]:
    return {path for route in routes for path in served_paths(route)}
