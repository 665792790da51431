"""Each query of a traced request has a span of its own, under the request's."""

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from minitwit import spans
from minitwit.runtime import tracing
from minitwit.store import Store
from tests.in_process import callers_of


def test_request_and_its_queries_are_one_trace(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    monkeypatch.setattr(tracing, "_tracer", provider.get_tracer("http"))
    monkeypatch.setattr(spans, "_tracer", provider.get_tracer("db"))
    callers = callers_of(store)
    traced = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    callers.simulator.get("/msgs?latest=3", headers=traced)
    finished = {span.name: span for span in memory.get_finished_spans()}
    assert set(finished) == {"GET /msgs", "record_latest", "recent_messages"}
    request = finished.pop("GET /msgs")
    queries = finished.values()
    assert request.context is not None
    for span in queries:
        assert span.parent is not None
        assert span.parent.span_id == request.context.span_id
        assert span.attributes is not None
        assert span.attributes["db.system.name"] == "postgresql"
        assert span.attributes["db.query.summary"] == span.name
    callers.close()
    provider.shutdown()
