"""Routes reads to a standby while its replication lag is small."""

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from minitwit.errors import StorageUnavailable
from minitwit.postgres.database import Database, Row

# A standby with more replication lag answers no reads (seconds).
MAX_LAG = 1.0

# Seconds between two measurements of the lag.
_INTERVAL = 0.25

# Whether the current request accepts data that is up to MAX_LAG old.
_late_reads_allowed: ContextVar[bool] = ContextVar("late_reads_allowed", default=False)


def allow_late_reads(allowed: bool) -> None:
    """Set for the rest of this request whether the standby may answer reads."""
    _late_reads_allowed.set(allowed)


class Lag:
    """Replication lag of a standby in seconds, by this process's own clock.

    The primary's WAL positions are kept with the times at which they were read. The
    standby is as current as the newest of those that it has replayed. While the primary
    does not answer, it is assumed to be down: a standby that has replayed every
    position recorded so far counts as current.

    Args:
        observe: receives each measurement.
        clock: returns monotonic seconds.

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

    def record(self, measured_at: float, primary: int | None, standby: int) -> None:
        """Record both positions; the primary's is None while it does not answer."""
        if primary is not None:
            self._primary.append((measured_at, primary))
        while self._primary and self._primary[0][1] <= standby:
            self._current_at = self._primary.popleft()[0]
        self._observe(self.seconds(measured_at))

    def seconds(self, now: float) -> float:
        """Return the lag as it was at the last measurement before now."""
        if self._current_at is None:
            return float("inf")
        return max(0.0, now - self._current_at) if self._primary else 0.0


class ReplicatedDatabase:
    """A primary for writes and fresh reads, and a standby for other reads.

    Args:
        primary: answers writes, and reads that have to be fresh.
        standby: answers other reads while its lag is small.
        observe_lag: receives the standby's lag in seconds.

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
        self._is_current = False
        self._measures_at = 0.0
        self._measuring = threading.Lock()

    def read(self, query: str, **parameters: Any) -> list[Row]:
        """Run a statement that changes nothing, on the standby if that is allowed."""
        if _late_reads_allowed.get() and self._standby_is_current():
            try:
                return self._standby.read(query, **parameters)
            except StorageUnavailable:
                self._is_current = False
        return self._primary.read(query, **parameters)

    def write(self, query: str, **parameters: Any) -> list[Row]:
        """Run a statement that changes something, on the primary."""
        return self._primary.write(query, **parameters)

    def close(self) -> None:
        """Close the connections."""
        self._primary.close()
        self._standby.close()

    def _standby_is_current(self) -> bool:
        if time.monotonic() >= self._measures_at and self._measuring.acquire(False):
            try:
                self._is_current = self._measure()
            finally:
                self._measures_at = time.monotonic() + _INTERVAL
                self._measuring.release()
        return self._is_current

    def _measure(self) -> bool:
        measured_at = time.monotonic()
        primary = None
        with suppress(StorageUnavailable):
            primary = self._primary.read("flushed_position")[0][0]
        try:
            position = self._standby.read("replayed_position")[0][0]
        except StorageUnavailable:
            return False
        if position is None:  # It is not a standby any more: it was promoted.
            return False
        self._lag.record(measured_at, primary, position)
        return self._lag.seconds(measured_at) <= MAX_LAG
