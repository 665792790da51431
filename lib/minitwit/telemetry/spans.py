"""Spans as they are recorded: of a request, and of each of its queries.

Beginning and ending a span of the SDK costs as much as the rest of a request. So a
traced one only puts some numbers aside, and the thread that sends them makes spans of
them (`minitwit.telemetry.span_export`).
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

# The last digit of a header's flags is odd when the edge keeps the trace.
_SAMPLED = frozenset("13579bdf")

_UNTRACED: AbstractContextManager[object] = nullcontext()


class Ids(NamedTuple):
    """A trace and a span in it."""

    trace_id: int
    span_id: int

    @classmethod
    def of(cls, traceparent: str) -> Self | None:
        """Return what a header names, if it is one."""
        match = _TRACEPARENT.fullmatch(traceparent)
        return cls(int(match[1], 16), int(match[2], 16)) if match else None

    def texts(self) -> tuple[str, str]:
        """Return both as they are written."""
        return f"{self.trace_id:032x}", f"{self.span_id:016x}"


class QuerySpan:
    """What a query took."""

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
        """Stop the clock; remember what went wrong."""
        self.end = time_ns()
        if kind is not None:
            self.error = kind.__name__


class RequestSpan:
    """The span of a request, current while the request is answered.

    A request that the edge does not keep, as it does one in ten, records nothing; it
    only knows the edge's own span, for whoever asks for its ids.

    Args:
        traceparent: the header that the edge sent, or nothing.
        is_wanted: whether anybody takes spans at all.

    """

    __slots__ = ("_token", "_traceparent", "end", "ids", "parent", "queries", "start")

    def __init__(self, traceparent: str, is_wanted: bool) -> None:
        self.ids: Ids | None = None
        self.parent: Ids | None = None
        self.queries: list[QuerySpan] = []
        self.start = self.end = 0  # nanoseconds since 1970
        self._traceparent = traceparent
        if is_wanted and traceparent[-1:] in _SAMPLED:
            self._begin()
        self._token: Token[RequestSpan | None] = _current.set(self)

    def _begin(self) -> None:
        self.parent = Ids.of(self._traceparent)
        if self.parent:
            self.ids = Ids(self.parent.trace_id, new_id())
            self.start = time_ns()

    def finish(self) -> None:
        """Be current no longer."""
        self.end = time_ns()
        _current.reset(self._token)

    def ids_or_edges(self) -> Ids | None:
        """Return its ids, or the edge's if it is not recorded."""
        return self.ids or Ids.of(self._traceparent)


_current: ContextVar[RequestSpan | None] = ContextVar("span", default=None)


def new_id() -> int:
    """Return an id for a span; zero is none."""
    return getrandbits(64) or 1


def query_span(query: str) -> AbstractContextManager[object]:
    """Return what records a query, or does nothing when the request is not traced."""
    request = _current.get()
    if request is None or request.ids is None:
        return _UNTRACED
    span = QuerySpan(query)
    request.queries.append(span)
    return span


def current_ids() -> tuple[str, str] | None:
    """Return the ids of the trace and the span of the request that is being answered.

    A request that is not traced has the edge's own, by which its log lines are found.
    """
    request = _current.get()
    ids = request.ids_or_edges() if request else None
    return ids.texts() if ids else None
