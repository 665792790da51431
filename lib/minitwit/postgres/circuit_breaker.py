"""A circuit breaker: nobody waits for a server that did not answer a moment ago."""

import time
from collections.abc import Callable

from minitwit.errors import StorageUnavailable


class CircuitBreaker:
    """Lets one caller in a while find out whether the server is back.

    While the network swallows everything, each attempt to connect costs its caller
    the whole time-out, and with it one of the few requests that a process serves at a
    time. Like this the others are told at once.

    Args:
        pause: seconds without attempts after one that failed.
        clock: returns seconds that only go up.

    """

    def __init__(
        self, pause: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pause = pause
        self._clock = clock
        # When the pause ends; 0 while the server answers.
        self._paused_until = 0.0

    def require_closed(self) -> None:
        """Refuse to wait during the pause; who comes first after it may try.

        Raises:
            StorageUnavailable: the last attempt failed a moment ago, or somebody is
                just trying.

        """
        if not self._paused_until:
            return
        if self._clock() < self._paused_until:
            raise StorageUnavailable
        self.open()

    def open(self) -> None:
        """Begin a pause: an attempt has failed."""
        self._paused_until = self._clock() + self._pause

    def close(self) -> None:
        """End the pause: an attempt has succeeded."""
        self._paused_until = 0.0
