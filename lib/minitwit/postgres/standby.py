"""Routes reads to standbys while their replication lag is small."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from minitwit.errors import StorageUnavailable
from minitwit.postgres.database import Database, Row

# A standby with more replication lag answers no reads (seconds).
MAX_LAG = 1.0

# Seconds between two measurements of the lag, and before a server is tried again that
# did not answer, or that is the primary at the moment.
_INTERVAL = 0.25
_PAUSE_AFTER_FAILURE = 1.0
_PAUSE_OF_PRIMARY = 5.0

# Whether the current request accepts data that is up to MAX_LAG old.
_late_reads_allowed: ContextVar[bool] = ContextVar("late_reads_allowed", default=False)


def allow_late_reads(allowed: bool) -> None:
    """Set for the rest of this request whether a standby may answer reads."""
    _late_reads_allowed.set(allowed)


class Lag:
    """Replication lag of a standby in seconds, by this process's own clock.

    The primary's WAL positions are kept with the times at which they were read. The
    standby is as current as the newest of those that it has replayed. While the primary
    does not answer, it is assumed to be down: a standby that has replayed every
    position recorded so far counts as current, and so does one that has replayed all
    that it received, as what is missing may have been lost with the primary.

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

    def record(
        self,
        measured_at: float,
        primary: int | None,
        standby: int,
        has_all_received: bool = False,
    ) -> None:
        """Record both positions; the primary's is None while it does not answer."""
        if primary is not None:
            self._primary.append((measured_at, primary))
        elif has_all_received and self._current_at is not None:
            self._primary.clear()
        while self._primary and self._primary[0][1] <= standby:
            self._current_at = self._primary.popleft()[0]
        self._observe(self.seconds(measured_at))

    def seconds(self, now: float) -> float:
        """Return the lag as it was at the last measurement before now."""
        if self._current_at is None:
            return float("inf")
        return max(0.0, now - self._current_at) if self._primary else 0.0


class Standby:
    """A server that answers reads while it is a standby and its lag is small.

    Args:
        database: connects to this server alone.
        observe_lag: receives each measurement in seconds.

    """

    def __init__(
        self,
        database: Database,
        observe_lag: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self.database = database
        self._lag = Lag(observe_lag)
        self._is_current = False
        self._measures_at = 0.0
        self._measuring = threading.Lock()

    def is_current(self, primary: Database, at_once: bool = False) -> bool:
        """Say whether it may answer reads; measure its lag when that is due.

        Args:
            primary: whose position is compared.
            at_once: measure now, whenever that would be due.

        """
        late = time.monotonic() - self._measures_at
        is_due = at_once or late >= 0
        if is_due and self._measuring.acquire(False):
            pause = _PAUSE_AFTER_FAILURE
            try:
                pause = self._measure(primary)
            finally:
                self._measures_at = time.monotonic() + pause
                self._measuring.release()
        elif late > MAX_LAG and not at_once:
            # Another task is measuring, and what was known may be long past.
            return False
        return self._is_current

    def read(self, query: str, **parameters: Any) -> list[Row]:
        """Run a statement that changes nothing; when it fails, answer none for now."""
        try:
            return self.database.read(query, **parameters)
        except StorageUnavailable:
            self._is_current = False
            raise

    def _measure(self, primary: Database) -> float:
        """Measure the lag and return the seconds until the next measurement."""
        measured_at = time.monotonic()
        written = None
        with suppress(StorageUnavailable):
            written = primary.read("flushed_position")[0][0]
        try:
            [[replayed, has_all_received]] = self.database.read("replayed_position")
        except StorageUnavailable:
            self._is_current = False
            return _PAUSE_AFTER_FAILURE
        if replayed is None:
            # It was promoted, and the primary's connections have not found it yet.
            if self._is_current and written is None:
                return _INTERVAL
            self._is_current = False
            self.database.close()
            return _PAUSE_OF_PRIMARY
        self._lag.record(measured_at, written, replayed, has_all_received)
        self._is_current = self._lag.seconds(measured_at) <= MAX_LAG
        return _INTERVAL


class ReplicatedDatabase:
    """A primary for writes and fresh reads, and standbys for other reads.

    Args:
        primary: answers writes, and reads that have to be fresh.
        standbys: servers of which those that are standbys, with a small lag, answer
            other reads; the first of them does.

    """

    def __init__(self, primary: Database, standbys: Sequence[Standby]) -> None:
        self._primary = primary
        self._standbys = standbys

    def read(self, query: str, **parameters: Any) -> list[Row]:
        """Run a statement that changes nothing, on a standby if that is allowed."""
        if _late_reads_allowed.get():
            # All are measured, so that another one is known to be current when the
            # first is lost.
            current = [s for s in self._standbys if s.is_current(self._primary)]
            for standby in current:
                with suppress(StorageUnavailable):
                    return standby.read(query, **parameters)
            with suppress(StorageUnavailable):
                return self._primary.read(query, **parameters)
            # Without a primary, one that was late before may answer.
            for standby in self._standbys:
                if standby.is_current(self._primary, at_once=True):
                    return standby.read(query, **parameters)
        return self._primary.read(query, **parameters)

    def write(self, query: str, **parameters: Any) -> list[Row]:
        """Run a statement that changes something, on the primary."""
        return self._primary.write(query, **parameters)

    def close(self) -> None:
        """Close the connections."""
        self._primary.close()
        for standby in self._standbys:
            standby.database.close()
