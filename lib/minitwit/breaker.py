"""A circuit breaker: nobody waits for a server that did not answer a moment ago."""

import time
from collections.abc import Callable

from minitwit.errors import StorageUnavailable


class Breaker:
    """Lets one caller in a while find out whether the server is back.

    While the network swallows everything, each attempt to connect costs its caller
    the whole time-out. With one thread a process the others would queue up behind it
    and wait far longer than they can; like this they are told at once.

    Args:
        pause: seconds without attempts after one that failed.
        clock: returns seconds that only go up.

    """

    def __init__(
        self, pause: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pause = pause
        self._clock = clock
        self._closes_at = 0.0

    def require_closed(self) -> None:
        """Refuse to wait during the pause.

        Raises:
            StorageUnavailable: the last attempt failed a moment ago.

        """
        if self._clock() < self._closes_at:
            raise StorageUnavailable

    def open(self) -> None:
        """Begin a pause: an attempt has failed."""
        self._closes_at = self._clock() + self._pause
