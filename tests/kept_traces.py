"""Traces as a test looks at them: kept in memory, and read when they are over."""

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from minitwit.telemetry.span_export import Tracer
from tests.in_process import settings


class KeptTraces(Tracer):
    """Keeps the spans that would be sent to a collector."""

    def __init__(self) -> None:
        self._memory = InMemorySpanExporter()
        super().__init__(settings("messages"), self._memory)

    def finished(self) -> tuple[ReadableSpan, ...]:
        """Return the spans so far, requests before queries; no more are taken."""
        self.stop()
        return self._memory.get_finished_spans()
