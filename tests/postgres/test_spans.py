"""Each query of a traced request has a span of its own, under the request's."""

from minitwit.store import Store
from tests.in_process import callers_of
from tests.kept_traces import KeptTraces


def test_request_and_its_queries_are_one_trace(store: Store) -> None:
    kept = KeptTraces()
    callers = callers_of(store, kept)
    traced = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    callers.simulator.get("/msgs?latest=3", headers=traced)
    callers.close()
    request, *queries = kept.finished()
    assert request.name == "GET /msgs"
    assert {query.name for query in queries} == {"record_latest", "recent_messages"}
    assert request.context is not None
    for query in queries:
        assert query.context is not None
        assert query.context.trace_id == request.context.trace_id
        assert query.parent == request.context
        assert query.attributes is not None
        assert query.attributes["db.system.name"] == "postgresql"
        assert query.attributes["db.query.summary"] == query.name
        assert query.start_time is not None
        assert query.end_time is not None
        assert query.start_time <= query.end_time
