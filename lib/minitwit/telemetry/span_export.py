"""Exports spans to the collector: one for a sampled request, and one for each query.

The edge samples; a request without its header is not traced. An unreachable
collector does not delay requests: spans wait in a bounded queue and are dropped when it
is full; `stop` may take half a minute, so the caller has to limit it.

Importing the SDK takes a sixth of a second and 5 MB, so only processes that export
spans import this module.
"""

from collections.abc import Iterator, Mapping, Sequence

# Private API: the exporter's default transport, requests, takes 3 MB more.
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
    """Return an OTLP exporter for the collector at a URL."""
    return OTLPSpanExporter(
        endpoint=f"{endpoint}/v1/traces",
        timeout=_EXPORT_SECONDS,
        _transport=Urllib3HTTPTransport(),
    )


class Tracer:
    """Exports the spans of a function's requests in batches.

    Args:
        settings: of the function.
        exporter: sends a batch of spans.

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
        """Queue the span of a finished, sampled request."""
        self._processor.on_end(
            _AnsweredRequest(span, name, attributes, has_failed, self._resource)
        )

    def stop(self) -> None:
        """Export what is queued; takes up to 30 s when the collector is unreachable."""
        self._processor.shutdown()  # type: ignore[no-untyped-call]


class _AnsweredRequest(ReadableSpan):
    """The SDK's span of a request, which creates those of its queries when exported."""

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
        """Create the spans of its queries."""
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
    """Exports the spans of queries with those of their requests.

    They are created here, in the export thread, where no request waits for them.

    Args:
        exporter: sends a batch of spans.

    """

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export spans of requests, each with those of its queries."""
        every = [*spans]
        for span in spans:
            assert isinstance(span, _AnsweredRequest)  # noqa: S101
            every.extend(span.queries())
        return self._exporter.export(every)

    def shutdown(self) -> None:
        """Shut the exporter down."""
        self._exporter.shutdown()


def _context(ids: Ids, is_remote: bool = False) -> SpanContext:
    return SpanContext(ids.trace_id, ids.span_id, is_remote, _SAMPLED)
