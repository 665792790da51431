"""Traces: one span for a request, under the edge's, and one for each query.

The edge decides which requests are traced; a request that comes from elsewhere, such as
an operator's, is not.
A dead collector costs a request nothing (spans wait in a bounded queue and are
dropped when it is full), and the end of the process is for the caller to bound.

The SDK costs a sixth of a second and 5 MB, so only who sends spans imports this module.
"""

from collections.abc import Iterator, Mapping, Sequence

# The exporter's own choice of a transport would cost 3 MB more.
from opentelemetry.exporter.http.transport._urllib3 import Urllib3HTTPTransport
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from minitwit.queries import statements
from minitwit.settings import Settings
from minitwit.telemetry.spans import Ids, QuerySpan, RequestSpan, new_id

_EXPORT_SECONDS = 2.0

_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_SCOPE = InstrumentationScope("minitwit")
_UNSET, _ERROR = Status(StatusCode.UNSET), Status(StatusCode.ERROR)


def collector(endpoint: str) -> SpanExporter:
    """Return what sends spans to a collector."""
    return OTLPSpanExporter(
        endpoint=f"{endpoint}/v1/traces",
        timeout=_EXPORT_SECONDS,
        _transport=Urllib3HTTPTransport(),
    )


class Tracer:
    """Takes the spans of a function's requests and sends them, many at a time.

    Args:
        settings: of the function.
        exporter: that sends them.

    """

    def __init__(self, settings: Settings, exporter: SpanExporter) -> None:
        self._resource = Resource.create(
            {
                "service.name": settings.function,
                "service.namespace": "minitwit",
                "service.version": settings.version,
                "deployment.environment.name": settings.environment,
            }
        )
        self._processor = BatchSpanProcessor(_WithQueries(exporter))

    def take(
        self,
        span: RequestSpan,
        name: str,
        attributes: Mapping[str, str | int],
        has_failed: bool,
    ) -> None:
        """Take the span of a request that was answered and is traced."""
        self._processor.on_end(
            _AnsweredRequest(span, name, attributes, has_failed, self._resource)
        )

    def stop(self) -> None:
        """Send what is left; it may take half a minute."""
        self._processor.shutdown()  # type: ignore[no-untyped-call]


class _AnsweredRequest(ReadableSpan):
    """The SDK's span of a request; those of its queries are still to be made."""

    def __init__(
        self,
        span: RequestSpan,
        name: str,
        attributes: Mapping[str, str | int],
        has_failed: bool,
        resource: Resource,
    ) -> None:
        assert span.ids is not None  # noqa: S101
        assert span.parent is not None  # noqa: S101
        super().__init__(
            name,
            context=_context(span.ids),
            parent=_context(span.parent, is_remote=True),
            resource=resource,
            attributes=attributes,
            kind=SpanKind.SERVER,
            status=_ERROR if has_failed else _UNSET,
            start_time=span.start,
            end_time=span.end,
            instrumentation_scope=_SCOPE,
        )
        self._queries = span.queries

    def queries(self) -> Iterator[ReadableSpan]:
        """Make the spans of its queries."""
        for query in self._queries:
            yield self._query(query)

    def _query(self, query: QuerySpan) -> ReadableSpan:
        attributes = {
            "db.system.name": "postgresql",
            "db.query.summary": query.name,
            "db.query.text": statements()[query.name],
        }
        if query.error:
            attributes["error.type"] = query.error
        return ReadableSpan(
            query.name,
            context=_context(Ids(self.context.trace_id, new_id())),
            parent=self.context,
            resource=self.resource,
            attributes=attributes,
            kind=SpanKind.CLIENT,
            status=_ERROR if query.error else _UNSET,
            start_time=query.start,
            end_time=query.end,
            instrumentation_scope=_SCOPE,
        )


class _WithQueries(SpanExporter):
    """Sends the queries' spans with those of their requests.

    They are made here, in the thread that sends, where no request waits for it.
    """

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans of requests, each with its queries'."""
        every = [*spans]
        for span in spans:
            assert isinstance(span, _AnsweredRequest)  # noqa: S101
            every.extend(span.queries())
        return self._exporter.export(every)

    def shutdown(self) -> None:
        """Send nothing any more."""
        self._exporter.shutdown()


def _context(ids: Ids, is_remote: bool = False) -> SpanContext:
    return SpanContext(ids.trace_id, ids.span_id, is_remote, _SAMPLED)
