"""The circuit breaker's pauses, on a clock that the test moves."""

import pytest

from minitwit.errors import StorageUnavailable
from minitwit.postgres.circuit_breaker import CircuitBreaker


class Clock:
    """A clock that stands still until the test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


def test_callers_pass_before_an_attempt_has_failed() -> None:
    CircuitBreaker(1.0, Clock()).require_closed()


def test_after_a_failed_attempt_callers_are_refused_until_the_pause_is_over() -> None:
    clock = Clock()
    breaker = CircuitBreaker(1.0, clock)
    breaker.open()
    for clock.now in (1000.0, 1000.999):
        with pytest.raises(StorageUnavailable):
            breaker.require_closed()
    clock.now = 1001.0
    breaker.require_closed()


def test_each_failed_attempt_begins_a_new_pause() -> None:
    clock = Clock()
    breaker = CircuitBreaker(1.0, clock)
    breaker.open()
    clock.now = 1001.0
    breaker.open()
    clock.now = 1001.5
    with pytest.raises(StorageUnavailable):
        breaker.require_closed()


def test_after_the_pause_one_caller_tries_for_all() -> None:
    clock = Clock()
    breaker = CircuitBreaker(1.0, clock)
    breaker.open()
    clock.now = 1001.0
    breaker.require_closed()
    with pytest.raises(StorageUnavailable):
        breaker.require_closed()
    breaker.close()
    breaker.require_closed()
    breaker.require_closed()


def test_while_one_tries_the_others_fail_however_long_it_takes() -> None:
    clock = Clock()
    breaker = CircuitBreaker(1.0, clock)
    breaker.open()
    clock.now = 1001.0
    breaker.require_closed()
    clock.now = 1060.0
    with pytest.raises(StorageUnavailable):
        breaker.require_closed()
    breaker.open()
    clock.now = 1061.0
    breaker.require_closed()
