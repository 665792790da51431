"""Records the spans of a request and of its queries.

Starting and ending a span of the SDK costs as much as the rest of a request. So a
traced request only stores times and names; the export thread builds the SDK's spans
from them (`minitwit.telemetry.span_export`).
"""

import re
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar, Token
from random import getrandbits
from time import time_ns
from types import TracebackType
from typing import NamedTuple, Self

# https://www.w3.org/TR/trace-context/#traceparent-header
_TRACEPARENT = re.compile(
    r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}"
)

# The last digit of a header's flags is odd when the edge samples the trace.
_SAMPLED = frozenset("13579bdf")

_UNTRACED: AbstractContextManager[object] = nullcontext()


class Ids(NamedTuple):
    """The ids of a trace and of a span in it."""

    trace_id: int
    span_id: int

    @classmethod
    def of(cls, traceparent: str) -> Self | None:
        """Return the ids in a traceparent header, or None if it is invalid."""
        match = _TRACEPARENT.fullmatch(traceparent)
        return cls(int(match[1], 16), int(match[2], 16)) if match else None

    def texts(self) -> tuple[str, str]:
        """Return both in hexadecimal, as headers and logs write them."""
        return f"{self.trace_id:032x}", f"{self.span_id:016x}"


class QuerySpan:
    """The recorded span of a query; a context manager around it."""

    __slots__ = ("end", "error", "name", "start")

    def __init__(self, name: str) -> None:
        self.name = name
        self.start = self.end = 0  # nanoseconds since 1970
        self.error: str | None = None

    def __enter__(self) -> None:
        """Start the clock."""
        self.start = time_ns()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Stop the clock and record the type of an exception."""
        self.end = time_ns()
        if kind is not None:
            self.error = kind.__name__


class RequestSpan:
    """The recorded span of a request, current until the request is finished.

    The edge samples one request in ten by default. Nothing is recorded for the others;
    they have only the ids of the edge's span, for the log.

    Args:
        traceparent: the header that the edge sent, or an empty string.
        is_recorded: whether spans are exported.

    """

    __slots__ = ("_token", "_traceparent", "end", "ids", "parent", "queries", "start")

    def __init__(self, traceparent: str, is_recorded: bool) -> None:
        self.ids: Ids | None = None
        self.parent: Ids | None = None
        self.queries: list[QuerySpan] = []
        self.start = self.end = 0  # nanoseconds since 1970
        self._traceparent = traceparent
        if is_recorded and traceparent[-1:] in _SAMPLED:
            self._begin()
        self._token: Token[RequestSpan | None] = _current.set(self)

    def _begin(self) -> None:
        self.parent = Ids.of(self._traceparent)
        if self.parent:
            self.ids = Ids(self.parent.trace_id, new_id())
            self.start = time_ns()

    def finish(self) -> None:
        """End the span and restore the previous one."""
        self.end = time_ns()
        _current.reset(self._token)

    def ids_or_edges(self) -> Ids | None:
        """Return its ids, or those of the edge's span if it is not recorded."""
        return self.ids or Ids.of(self._traceparent)


_current: ContextVar[RequestSpan | None] = ContextVar("span", default=None)


def new_id() -> int:
    """Return a random id for a span; zero is invalid."""
    return getrandbits(64) or 1


def query_span(query: str) -> AbstractContextManager[object]:
    """Return a context manager that records a query if the request is recorded."""
    request = _current.get()
    if request is None or request.ids is None:
        return _UNTRACED
    span = QuerySpan(query)
    request.queries.append(span)
    return span


def current_ids() -> tuple[str, str] | None:
    """Return the ids of trace and span of the current request in hexadecimal, or None.

    A request that is not recorded has those of the edge's span, by which its log lines
    can be found.
    """
    request = _current.get()
    ids = request.ids_or_edges() if request else None
    return ids.texts() if ids else None
