"""Waiting for a state that comes by itself, and failing when it does not come."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Seconds. Who asks all the time slows down what is waited for, so the pause is thrice
# as long as it took to ask, between these.
_LEAST_PAUSE, _LONGEST_PAUSE = 0.02, 0.3


def wait_until(
    state: Callable[[], T | None],
    what: str | Callable[[], str] = "a state that did not come",
    seconds: float = 60,
) -> T:
    """Return the first true value of a state.

    Args:
        state: is asked again and again.
        what: is waited for, or what says it when it did not come.
        seconds: to wait at most.

    Raises:
        AssertionError: it did not come.

    """
    deadline = time.monotonic() + seconds
    while True:
        asked = time.monotonic()
        if value := state():
            return value
        now = time.monotonic()
        if now > deadline:
            text = what if isinstance(what, str) else what()
            raise AssertionError(f"waited {seconds:.0f} s for {text}")
        time.sleep(min(max(_LEAST_PAUSE, 3 * (now - asked)), _LONGEST_PAUSE))
