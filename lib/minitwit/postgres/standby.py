"""Reads from a standby, as long as it is hardly behind and the reader does not mind."""

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from minitwit.errors import StorageUnavailable
from minitwit.postgres.database import Database, Row

# A standby that is further behind is left out (seconds).
MAX_LAG = 1.0

# Seconds between two looks at how far both have come.
_INTERVAL = 0.25

# Whether what runs now may be told what was true a moment ago.
_late_is_fine: ContextVar[bool] = ContextVar("late_is_fine", default=False)


def allow_late_reads(allowed: bool) -> None:
    """Say for the rest of this request whether the standby may answer reads."""
    _late_is_fine.set(allowed)


class Lag:
    """How many seconds a standby is behind, by this process's own clock.

    The primary's position is remembered with the time when it was read. The standby
    has everything up to the newest of those that it has replayed. While the primary
    is away nothing is acknowledged, so what was known before stays true.

    Args:
        observe: is told each measurement.
        clock: returns seconds that only go up.

    """

    def __init__(
        self,
        observe: Callable[[float], None] = lambda seconds: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._observe = observe
        self._clock = clock
        self._primary: deque[tuple[float, int]] = deque(maxlen=1000)
        self._current_at: float | None = None

    def record(self, asked_at: float, primary: int | None, standby: int) -> None:
        """Take in both positions; the primary's is None while it does not answer."""
        if primary is not None:
            self._primary.append((asked_at, primary))
        while self._primary and self._primary[0][1] <= standby:
            self._current_at = self._primary.popleft()[0]
        self._observe(self.seconds(asked_at))

    def seconds(self, now: float) -> float:
        """Return the lag as it was at the last measurement before now."""
        if self._current_at is None:
            return float("inf")
        return max(0.0, now - self._current_at) if self._primary else 0.0


class ReplicatedDatabase:
    """A primary and a standby that answers reads for it.

    Args:
        primary: takes the writes, and the reads that have to be fresh.
        standby: takes the others while it is fit.
        observe_lag: is told how many seconds the standby is behind.

    """

    def __init__(
        self,
        primary: Database,
        standby: Database,
        observe_lag: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self._primary = primary
        self._standby = standby
        self._lag = Lag(observe_lag)
        self._is_fit = False
        self._look_again_at = 0.0
        self._looking = threading.Lock()

    def read(self, query: str, **parameters: Any) -> list[Row]:
        """Run a statement that changes nothing, where its answer is fresh enough."""
        if _late_is_fine.get() and self._fit():
            try:
                return self._standby.read(query, **parameters)
            except StorageUnavailable:
                self._is_fit = False
        return self._primary.read(query, **parameters)

    def write(self, query: str, **parameters: Any) -> list[Row]:
        """Run a statement that changes something, on the primary."""
        return self._primary.write(query, **parameters)

    def close(self) -> None:
        """Close this thread's connections."""
        self._primary.close()
        self._standby.close()

    def _fit(self) -> bool:
        if time.monotonic() >= self._look_again_at and self._looking.acquire(False):
            try:
                self._is_fit = self._measure()
            finally:
                self._look_again_at = time.monotonic() + _INTERVAL
                self._looking.release()
        return self._is_fit

    def _measure(self) -> bool:
        asked_at = time.monotonic()
        primary = None
        with suppress(StorageUnavailable):
            primary = self._primary.read("flushed_position")[0][0]
        try:
            position = self._standby.read("replayed_position")[0][0]
        except StorageUnavailable:
            return False
        if position is None:  # It is no standby any more: it was promoted.
            return False
        self._lag.record(asked_at, primary, position)
        return self._lag.seconds(asked_at) <= MAX_LAG
