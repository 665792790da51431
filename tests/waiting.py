"""Waits for a state, with a time limit, and asks HTTP servers for theirs."""

import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from typing import TypeVar

T = TypeVar("T")

# Seconds. Checking all the time would slow down what is waited for, so a pause is three
# times as long as the check took, within these limits.
_LEAST_PAUSE, _LONGEST_PAUSE = 0.02, 0.3


def wait_until(
    state: Callable[[], T | None],
    what: str | Callable[[], str] = "a state that did not come",
    seconds: float = 60,
) -> T:
    """Return the first true value of a state.

    Args:
        state: checked again and again.
        what: describes the state in the error, or returns that description.
        seconds: the time limit.

    Raises:
        AssertionError: the state did not come in time.

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


def status_of(url: str) -> int:
    """Return the status of a GET on a connection of its own, 0 without a response."""
    address, _, path = url.removeprefix("http://").partition("/")
    connection = HTTPConnection(address, timeout=10)
    try:
        connection.request("GET", f"/{path}")
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()
