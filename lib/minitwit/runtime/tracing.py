"""Traces: one span for a request, under the edge's, and one for each query.

The edge decides which requests are traced; a request that comes from elsewhere, such as
an operator's, is not.
A dead collector costs a request nothing (spans wait in a bounded queue and are
dropped when it is full), and the end of the process is for the caller to bound.
"""

from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING

from opentelemetry import context, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from minitwit.settings import Settings

if TYPE_CHECKING:
    # gunicorn's own process imports this module as well, and answers nobody.
    import falcon

_EXPORT_SECONDS = 2.0

# The last digit of a header's flags is odd when the edge keeps the trace.
_SAMPLED = frozenset("13579bdf")

# What the edge sent with the request that is being answered.
_traceparent: ContextVar[str] = ContextVar("traceparent", default="")

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("minitwit.http")


def start_exporting(settings: Settings) -> Callable[[], None]:
    """Send spans to the collector, if one is set.

    Returns:
        what to call at the end of the process; it may take half a minute.

    """
    if settings.otlp_endpoint is None:
        return lambda: None
    # Imported only where used: the SDK costs a sixth of a second and 5 MB. The
    # exporter's own choice of a transport would cost 3 MB more.
    from opentelemetry.exporter.http.transport._urllib3 import Urllib3HTTPTransport
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(
        resource=Resource.create(
            {
                "service.name": settings.function,
                "service.namespace": "minitwit",
                "service.version": settings.version,
                "deployment.environment.name": settings.environment,
            }
        ),
        # Its own exit hook waits half a minute for a collector that is away.
        shutdown_on_exit=False,
    )
    exporter = OTLPSpanExporter(
        endpoint=f"{settings.otlp_endpoint}/v1/traces",
        timeout=_EXPORT_SECONDS,
        _transport=Urllib3HTTPTransport(),
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return provider.shutdown


class RequestSpan:
    """The span of one request, current while the request is answered."""

    def __init__(self, req: "falcon.Request") -> None:
        header = req.env.get("HTTP_TRACEPARENT", "")
        self._header = _traceparent.set(header)
        self._token: Token[context.Context] | None = None
        self.span: trace.Span = trace.INVALID_SPAN
        # A request that the edge does not keep is most of them, and a span that is
        # never sent costs as much as a tenth of the function's own work.
        if header[-1:] in _SAMPLED:
            self._begin(req.method, header)

    def _begin(self, method: str, header: str) -> None:
        sent = _propagator.extract({"traceparent": header})
        if not trace.get_current_span(sent).get_span_context().is_valid:
            return
        self.span = _tracer.start_span(method, context=sent, kind=trace.SpanKind.SERVER)
        self._token = context.attach(trace.set_span_in_context(self.span))

    def exemplar(self) -> dict[str, str] | None:
        """Return what leads from a metric to this trace, if it is kept."""
        if not self.span.is_recording():
            return None
        span_context = self.span.get_span_context()
        return {
            "trace_id": trace.format_trace_id(span_context.trace_id),
            "span_id": trace.format_span_id(span_context.span_id),
        }

    def end(self, req: "falcon.Request", status: int) -> None:
        """Name the span by its route and end it."""
        if self.span.is_recording():
            route = req.uri_template or ""
            self.span.update_name(f"{req.method} {route}".strip())
            self.span.set_attributes(
                {
                    "http.request.method": req.method,
                    "http.route": route,
                    "http.response.status_code": status,
                    "url.path": req.path,
                    "url.scheme": req.scheme,
                }
            )
            if status >= 500:
                self.span.set_status(trace.StatusCode.ERROR)
            self.span.end()
        if self._token is not None:
            context.detach(self._token)
        _traceparent.reset(self._header)


def current_ids() -> tuple[str, str] | None:
    """Return the ids of the trace and the span of the request that is being answered.

    A request that is not traced has the edge's own, by which its log lines are found.
    """
    span_context = trace.get_current_span().get_span_context()
    if not span_context.is_valid:
        sent = _propagator.extract({"traceparent": _traceparent.get()})
        span_context = trace.get_current_span(sent).get_span_context()
    if not span_context.is_valid:
        return None
    return (
        trace.format_trace_id(span_context.trace_id),
        trace.format_span_id(span_context.span_id),
    )
