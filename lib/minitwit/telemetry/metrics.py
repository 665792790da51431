"""Prometheus metrics of requests and queries.

Labels are route templates and query names, never raw paths or usernames, so the number
of series is bounded.
"""

from enum import StrEnum
from functools import cache

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder

from minitwit.settings import Settings
from minitwit.telemetry.spans import Ids

# Seconds; dense around the objective (p99 <= 100 ms) and the simulator's time-out.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5)

# Anything may be sent as a method, so labels and spans call an unknown one `_OTHER`:
# https://opentelemetry.io/docs/specs/semconv/http/http-spans/
OTHER_METHOD = "_OTHER"
KNOWN_METHODS = frozenset(
    ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")
)

NO_ROUTE = "none"

_requests = Histogram(
    "minitwit_request_duration_seconds",
    "Time from a request's arrival in the function to its response.",
    ("function", "method", "route", "status"),
    buckets=_BUCKETS,
)
_in_flight = Gauge(
    "minitwit_requests_in_flight", "Requests in progress.", ("function",)
)
_queries = Histogram(
    "minitwit_query_duration_seconds",
    "Time from sending a query to its last row, connecting included.",
    ("query",),
    buckets=_BUCKETS,
)
_lag = Gauge(
    "minitwit_standby_lag_seconds",
    "Replication lag of a standby that serves reads.",
    ("database",),
)
# A label, so that there is no series without TLS.
_certificate_expiry = Gauge(
    "minitwit_certificate_expiry_timestamp_seconds",
    "When the certificate of the server of a new connection expires.",
    ("server",),
)
_sign_ins = Counter(
    "minitwit_sign_ins_total",
    "Passwords that browsers sent, by what became of them.",
    ("result",),
)
_build_info = Gauge(
    "minitwit_build_info",
    "The running version; always 1.",
    ("function", "version", "revision"),
)
_desired = Gauge(
    "minitwit_replicas_desired", "Replicas that should run.", ("function",)
)


class SignInResult(StrEnum):
    """What became of a password."""

    OK = "ok"
    WRONG_PASSWORD = "wrong password"  # noqa: S105 (a label)
    UNKNOWN_NAME = "unknown name"
    SUSPENDED = "suspended"
    THROTTLED = "throttled"


class RequestMetrics:
    """Counts and times the requests of a function.

    Finding a child by its labels costs more than observing, so children are cached.

    Args:
        settings: of the function.

    """

    def __init__(self, settings: Settings) -> None:
        function = settings.function
        _build_info.labels(function, settings.version, settings.revision).set(1)
        if settings.replicas:
            _desired.labels(function).set(settings.replicas)
        # A plain number suffices: one thread serves all requests.
        self.in_flight = 0
        _in_flight.labels(function).set_function(lambda: self.in_flight)
        self._child = cache(
            lambda method, route, status: _requests.labels(
                function, method, route, status
            )
        )

    def observe(
        self,
        method: str,
        route: str | None,
        status: int,
        seconds: float,
        ids: Ids | None,
    ) -> None:
        """Record a response, with its trace as an exemplar.

        Args:
            method: of the request, or OTHER_METHOD.
            route: template of the route, or None.
            status: of the response.
            seconds: that it took.
            ids: of its span, if it is traced.

        """
        exemplar = None
        if ids:
            exemplar = dict(zip(("trace_id", "span_id"), ids.texts(), strict=True))
        child: Histogram = self._child(method, route or NO_ROUTE, status)
        child.observe(seconds, exemplar)


@cache
def _query_child(query: str) -> Histogram:
    return _queries.labels(query)


def observe_query(query: str, seconds: float) -> None:
    """Record how long a query took."""
    _query_child(query).observe(seconds)


def observe_lag(host: str, seconds: float) -> None:
    """Record the replication lag of the standby at a host."""
    _lag.labels(host).set(seconds)


def observe_certificate_expiry(expiry: float) -> None:
    """Record when the database's certificate expires, in seconds since 1970."""
    _certificate_expiry.labels("database").set(expiry)


def count_sign_in(result: SignInResult) -> None:
    """Count a password that a browser sent."""
    _sign_ins.labels(result.value).inc()


def exposition(accept: str) -> tuple[str, bytes]:
    """Return every metric in the format that an Accept header prefers.

    Args:
        accept: the header of the scrape, or an empty string.

    Returns:
        The content type and the body.

    """
    encode, content_type = choose_encoder(accept)
    return content_type, encode(REGISTRY)
