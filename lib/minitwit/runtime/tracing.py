"""Traces: one span for a request, under the edge's, and one for each query.

A dead collector costs a request nothing (spans wait in a bounded queue and are
dropped when it is full), and the end of the process is for the caller to bound.
"""

from collections.abc import Callable

import falcon
from opentelemetry import context, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from minitwit.settings import Settings

_EXPORT_SECONDS = 2.0

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("minitwit.http")


def start_exporting(settings: Settings) -> Callable[[], None]:
    """Send spans to the collector, if one is set.

    Returns:
        what to call at the end of the process; it may take half a minute.

    """
    if settings.otlp_endpoint is None:
        return lambda: None
    # Imported only where used: the SDK costs a sixth of a second and 8 MB.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(settings.trace_ratio)),
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
        endpoint=f"{settings.otlp_endpoint}/v1/traces", timeout=_EXPORT_SECONDS
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return provider.shutdown


class RequestSpan:
    """The span of one request, current while the request is answered."""

    def __init__(self, req: falcon.Request) -> None:
        parent = _parent(req)
        self.span = trace.get_current_span(parent)
        # A request that the edge does not keep is most of them, and a span that is
        # never sent costs as much as a tenth of the function's own work. The edge's
        # own stands in for it, so that log lines still bear the trace's id.
        if parent is None or self.span.get_span_context().trace_flags.sampled:
            self.span = _tracer.start_span(
                req.method, context=parent, kind=trace.SpanKind.SERVER
            )
            parent = trace.set_span_in_context(self.span)
        self._token = context.attach(parent)

    def exemplar(self) -> dict[str, str] | None:
        """Return what leads from a metric to this trace, if it is kept."""
        if not self.span.is_recording():
            return None
        span_context = self.span.get_span_context()
        return {
            "trace_id": trace.format_trace_id(span_context.trace_id),
            "span_id": trace.format_span_id(span_context.span_id),
        }

    def end(self, req: falcon.Request, status: int) -> None:
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
        context.detach(self._token)


def _parent(req: falcon.Request) -> context.Context | None:
    """Return the context that the edge sent, if it sent a valid one."""
    header = req.get_header("traceparent")
    if header is None:
        return None
    sent = _propagator.extract({"traceparent": header})
    return sent if trace.get_current_span(sent).get_span_context().is_valid else None
