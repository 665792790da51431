"""Circuit breaker: after a failed connection attempt, the next ones fail at once."""

import time
from collections.abc import Callable

from minitwit.errors import StorageUnavailable


class CircuitBreaker:
    """Circuit breaker for attempts to connect.

    An attempt to reach a server behind a dead network takes the whole time-out, and
    occupies one of the few requests that a process answers at once. After each pause
    one caller makes a trial attempt, and the others fail until it has ended.

    Args:
        pause: seconds without attempts after a failed one.
        clock: returns monotonic seconds.

    """

    def __init__(
        self, pause: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pause = pause
        self._clock = clock
        # When the pause ends: 0 while the breaker is closed, never during a trial.
        self._paused_until = 0.0

    def require_closed(self) -> None:
        """Raise while the breaker is open.

        The first caller after a pause may try (half-open), and has to call `open()` or
        `close()` when it has.

        Raises:
            StorageUnavailable: the last attempt failed a moment ago, or another caller
                is trying.

        """
        if not self._paused_until:
            return
        if self._clock() < self._paused_until:
            raise StorageUnavailable
        self._paused_until = float("inf")

    def open(self) -> None:
        """Begin a pause: an attempt has failed."""
        self._paused_until = self._clock() + self._pause

    def close(self) -> None:
        """End the pause: a server has answered."""
        self._paused_until = 0.0
