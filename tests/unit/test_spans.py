"""Spans: one for the request, one for each query; and a collector that is dead."""

import socket
import time
from collections.abc import Iterator

import pytest
from falcon import testing
from opentelemetry import trace

from minitwit.errors import StorageUnavailable
from minitwit.telemetry.spans import RequestSpan, current_ids, query_span
from minitwit.web.app import Function, assemble
from tests.contract.callers import Callers
from tests.fakes.store import fake_store
from tests.in_process import callers_of, settings
from tests.kept_traces import KeptTraces

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT_ID = "00f067aa0ba902b7"
TRACED = {"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-01"}


@pytest.fixture
def kept_traces() -> Iterator[KeptTraces]:
    """Return what keeps the spans of a test."""
    kept = KeptTraces()
    yield kept
    kept.stop()


@pytest.fixture
def minitwit(kept_traces: KeptTraces) -> Callers:
    """Return callers of a MiniTwit of this test's own."""
    return callers_of(fake_store(), kept_traces)


def test_span_is_named_by_its_route_never_by_the_path(
    minitwit: Callers, kept_traces: KeptTraces
) -> None:
    minitwit.simulator.get("/msgs/ada%20lovelace?latest=3", headers=TRACED)
    [span] = kept_traces.finished()
    assert span.name == "GET /msgs/{username}"
    assert span.kind is trace.SpanKind.SERVER
    assert span.attributes is not None
    assert span.attributes["http.route"] == "/msgs/{username}"
    assert span.attributes["http.response.status_code"] == 404
    assert span.attributes["http.request.method"] == "GET"
    assert span.status.status_code is trace.StatusCode.UNSET


def test_span_of_an_unknown_path_has_no_route(
    minitwit: Callers, kept_traces: KeptTraces
) -> None:
    minitwit.anybody.get("/no/such/path", headers=TRACED)
    [span] = kept_traces.finished()
    assert span.name == "GET"


def test_span_of_an_unknown_method_does_not_repeat_it(
    minitwit: Callers, kept_traces: KeptTraces
) -> None:
    minitwit.anybody.request("BREW", "/latest", headers=TRACED)
    [span] = kept_traces.finished()
    assert span.name == "_OTHER /latest"
    assert span.attributes is not None
    assert span.attributes["http.request.method"] == "_OTHER"


def test_span_lasts_as_long_as_its_request(
    minitwit: Callers, kept_traces: KeptTraces
) -> None:
    before = time.time_ns()
    minitwit.anybody.get("/latest", headers=TRACED)
    after = time.time_ns()
    [span] = kept_traces.finished()
    assert span.start_time is not None
    assert span.end_time is not None
    assert before <= span.start_time <= span.end_time <= after


def test_span_continues_the_trace_of_the_edge(
    minitwit: Callers, kept_traces: KeptTraces
) -> None:
    minitwit.anybody.get("/latest", headers=TRACED)
    [span] = kept_traces.finished()
    assert span.context is not None
    assert span.parent is not None
    assert trace.format_trace_id(span.context.trace_id) == TRACE_ID
    assert trace.format_span_id(span.parent.span_id) == PARENT_ID
    assert span.context.span_id not in (0, span.parent.span_id)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "x",
        f"00-{'0' * 32}-{PARENT_ID}-01",
        f"00-{TRACE_ID}-{'0' * 16}-01",
        f"ff-{TRACE_ID}-{PARENT_ID}-01",
        f"00-{TRACE_ID}-{PARENT_ID}-00",
    ],
)
def test_request_that_the_edge_does_not_trace_has_no_span(
    minitwit: Callers, kept_traces: KeptTraces, header: str
) -> None:
    answer = minitwit.anybody.get("/latest", headers={"traceparent": header})
    assert answer.status_code == 200
    assert not kept_traces.finished()


def test_request_leaves_no_trace_behind(minitwit: Callers) -> None:
    minitwit.anybody.get("/latest", headers=TRACED)
    assert current_ids() is None


def test_what_went_wrong_in_a_query_is_named_without_its_data(
    kept_traces: KeptTraces,
) -> None:
    span = RequestSpan(TRACED["traceparent"], is_recorded=True)
    with pytest.raises(StorageUnavailable), query_span("add_message"):
        raise StorageUnavailable("ada@example.com")
    span.finish()
    kept_traces.take(span, "POST", {}, has_failed=True)
    request, query = kept_traces.finished()
    assert request.status.status_code is trace.StatusCode.ERROR
    assert query.status.status_code is trace.StatusCode.ERROR
    assert query.attributes is not None
    assert query.attributes["error.type"] == "StorageUnavailable"
    assert "ada@example.com" not in query.to_json()


def test_function_without_a_collector_records_nothing() -> None:
    span = RequestSpan(TRACED["traceparent"], is_recorded=False)
    with query_span("latest"):
        assert current_ids() == (TRACE_ID, PARENT_ID)
    span.finish()
    assert span.ids is None
    assert not span.queries


def test_dead_collector_delays_neither_a_request_nor_the_end() -> None:
    # It takes connections and answers nothing, which is worse than a closed port.
    with socket.create_server(("127.0.0.1", 0)) as dead:
        endpoint = f"http://127.0.0.1:{dead.getsockname()[1]}"
        told = settings("messages", otlp_endpoint=endpoint)
        function = assemble(told, fake_store())
        # More than one batch, so that the exporter is at work.
        slowest = max(_seconds_of_a_request(function) for _ in range(600))
        start = time.perf_counter()
        function.close()
        ended = time.perf_counter() - start
    assert slowest < 1
    assert ended < 3


def _seconds_of_a_request(function: Function) -> float:
    environ = testing.create_environ("/latest", headers=TRACED)
    answer = testing.StartResponseMock()
    start = time.perf_counter()
    function(environ, answer)
    seconds = time.perf_counter() - start
    assert answer.status == "200 OK"
    return seconds
