"""Spans: one for the request, one for each query; and a collector that is dead."""

import socket
import time
from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from minitwit import spans
from minitwit.runtime import tracing
from minitwit.runtime.app import Function, build
from minitwit.runtime.operators import Readiness
from tests.contract.callers import Callers
from tests.fakes.store import fake_store
from tests.in_process import callers_of, settings

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT_ID = "00f067aa0ba902b7"
TRACED = {"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-01"}


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """Return what keeps the spans of a test."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    monkeypatch.setattr(tracing, "_tracer", provider.get_tracer("http"))
    monkeypatch.setattr(spans, "_tracer", provider.get_tracer("db"))
    yield memory
    provider.shutdown()


@pytest.fixture
def minitwit() -> Iterator[Callers]:
    """Return callers of a MiniTwit of this test's own."""
    callers = callers_of(fake_store())
    yield callers
    callers.close()


def test_span_is_named_by_its_route_never_by_the_path(
    minitwit: Callers, exporter: InMemorySpanExporter
) -> None:
    minitwit.simulator.get("/msgs/ada%20lovelace?latest=3", headers=TRACED)
    [span] = exporter.get_finished_spans()
    assert span.name == "GET /msgs/{username}"
    assert span.kind is trace.SpanKind.SERVER
    assert span.attributes is not None
    assert span.attributes["http.route"] == "/msgs/{username}"
    assert span.attributes["http.response.status_code"] == 404
    assert span.attributes["http.request.method"] == "GET"


def test_span_of_an_unknown_path_has_no_route(
    minitwit: Callers, exporter: InMemorySpanExporter
) -> None:
    minitwit.anybody.get("/no/such/path", headers=TRACED)
    [span] = exporter.get_finished_spans()
    assert span.name == "GET"


def test_span_continues_the_trace_of_the_edge(
    minitwit: Callers, exporter: InMemorySpanExporter
) -> None:
    minitwit.anybody.get("/latest", headers=TRACED)
    [span] = exporter.get_finished_spans()
    assert span.context is not None
    assert span.parent is not None
    assert trace.format_trace_id(span.context.trace_id) == TRACE_ID
    assert trace.format_span_id(span.parent.span_id) == PARENT_ID


@pytest.mark.parametrize(
    "header",
    ["", "x", f"00-{'0' * 32}-{PARENT_ID}-01", f"00-{TRACE_ID}-{PARENT_ID}-00"],
)
def test_request_that_the_edge_does_not_trace_has_no_span(
    minitwit: Callers, exporter: InMemorySpanExporter, header: str
) -> None:
    answer = minitwit.anybody.get("/latest", headers={"traceparent": header})
    assert answer.status_code == 200
    assert not exporter.get_finished_spans()


def test_request_without_a_trace_leaves_none_behind(
    minitwit: Callers, exporter: InMemorySpanExporter
) -> None:
    minitwit.anybody.get("/latest", headers=TRACED)
    assert not trace.get_current_span().get_span_context().is_valid


def test_function_without_an_endpoint_exports_nothing() -> None:
    tracing.start_exporting(settings("messages"))()


def test_dead_collector_delays_neither_a_request_nor_the_end(
    minitwit: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    providers: list[TracerProvider] = []
    monkeypatch.setattr(trace, "set_tracer_provider", providers.append)
    # It takes connections and answers nothing, which is worse than a closed port.
    with socket.create_server(("127.0.0.1", 0)) as dead:
        endpoint = f"http://127.0.0.1:{dead.getsockname()[1]}"
        told = settings("messages", otlp_endpoint=endpoint)
        stop = tracing.start_exporting(told)
        store = fake_store()
        function = Function(told, build(told, store), Readiness(store.schema), stop)
        monkeypatch.setattr(tracing, "_tracer", providers[0].get_tracer("http"))
        # More than one batch, so that the exporter is at work.
        slowest = max(_seconds_of_a_request(minitwit) for _ in range(600))
        start = time.perf_counter()
        function.close()
        ended = time.perf_counter() - start
    assert slowest < 1
    assert ended < 3


def _seconds_of_a_request(minitwit: Callers) -> float:
    start = time.perf_counter()
    minitwit.anybody.get("/latest", headers=TRACED)
    return time.perf_counter() - start
