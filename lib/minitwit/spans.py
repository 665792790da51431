"""Spans of queries, for the requests that are traced."""

from contextlib import AbstractContextManager, nullcontext

from opentelemetry import trace

from minitwit.queries import statements

_UNTRACED: AbstractContextManager[object] = nullcontext()

_tracer = trace.get_tracer("minitwit.db")


def query_span(query: str) -> AbstractContextManager[object]:
    """Return a span for the query, or nothing when the request is not traced."""
    if not trace.get_current_span().is_recording():
        return _UNTRACED
    attributes = {
        "db.system.name": "postgresql",
        "db.query.summary": query,
        "db.query.text": statements()[query],
    }
    return _tracer.start_as_current_span(
        query, kind=trace.SpanKind.CLIENT, attributes=attributes
    )
