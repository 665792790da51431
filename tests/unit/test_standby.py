"""How far a standby is behind, from positions and a clock, and which one answers."""

import time
from collections.abc import Iterator
from typing import cast

import pytest

from minitwit.errors import StorageUnavailable
from minitwit.postgres.database import Database
from minitwit.postgres.standby import (
    Lag,
    ReplicatedDatabase,
    Standby,
    allow_late_reads,
)


def test_a_standby_that_was_never_measured_is_infinitely_late() -> None:
    assert Lag().seconds(5.0) == float("inf")


def test_a_standby_that_has_everything_is_not_late() -> None:
    lag = Lag()
    lag.record(10.0, primary=100, standby=100)
    assert lag.seconds(10.2) == 0.0


def test_a_standby_is_late_by_the_age_of_the_newest_position_it_has() -> None:
    lag = Lag()
    lag.record(10.0, primary=100, standby=100)
    lag.record(11.0, primary=200, standby=100)
    lag.record(12.0, primary=300, standby=200)
    assert lag.seconds(12.5) == 1.5
    lag.record(13.0, primary=300, standby=300)
    assert lag.seconds(13.0) == 0.0


def test_an_idle_primary_makes_nobody_late() -> None:
    lag = Lag()
    for second in range(100):
        lag.record(float(second), primary=100, standby=100)
    assert lag.seconds(99.0) == 0.0


def test_what_was_known_stays_true_while_the_primary_is_away() -> None:
    seen: list[float] = []
    lag = Lag(seen.append)
    lag.record(10.0, primary=100, standby=100)
    lag.record(60.0, primary=None, standby=100)
    assert lag.seconds(60.0) == 0.0
    assert seen == [0.0, 0.0]


def test_a_standby_catches_up_with_a_primary_that_is_away() -> None:
    lag = Lag()
    lag.record(10.0, primary=100, standby=100)
    lag.record(10.25, primary=110, standby=105)
    lag.record(12.0, primary=None, standby=108)
    assert lag.seconds(12.0) == 2.0
    lag.record(12.25, primary=None, standby=110)
    assert lag.seconds(60.0) == 0.0


def test_what_was_lost_with_the_primary_makes_no_standby_late() -> None:
    lag = Lag()
    lag.record(10.0, primary=100, standby=100)
    lag.record(11.0, primary=110, standby=100, has_all_received=True)
    assert lag.seconds(13.0) == 3.0
    lag.record(13.25, primary=None, standby=100, has_all_received=False)
    assert lag.seconds(13.25) == 3.25
    lag.record(13.5, primary=None, standby=100, has_all_received=True)
    assert lag.seconds(13.5) == 0.0


class Server:
    """A database that answers with its own name, and with positions."""

    def __init__(self, name: str, position: int | None) -> None:
        self.name = name
        self.position = position
        self.is_down = False
        self.queries: list[str] = []

    def read(self, query: str) -> list[list[object]]:
        """Answer, unless the server is down."""
        self.queries.append(query)
        if self.is_down:
            raise StorageUnavailable
        if query == "replayed_position":
            return [[self.position, True]]
        return [[self.position if "position" in query else self.name]]

    def close(self) -> None:
        """Close nothing."""


def replicated(primary: Server, *servers: Server) -> ReplicatedDatabase:
    standbys = [Standby(cast("Database", server)) for server in servers]
    return ReplicatedDatabase(cast("Database", primary), standbys)


@pytest.fixture(autouse=True)
def _late_reads() -> Iterator[None]:
    allow_late_reads(True)
    yield
    allow_late_reads(False)


def test_the_first_current_standby_answers() -> None:
    primary, late, current = Server("p", 9), Server("late", 3), Server("current", 9)
    database = replicated(primary, late, current)
    assert database.read("name") == [["current"]]


def test_a_read_that_fails_at_one_standby_succeeds_at_the_next() -> None:
    primary, first, second = Server("p", 9), Server("first", 9), Server("second", 9)
    database = replicated(primary, first, second)
    assert database.read("name") == [["first"]]
    first.is_down = primary.is_down = True
    assert database.read("name") == [["second"]]
    asked = len(first.queries)
    assert database.read("name") == [["second"]]
    assert len(first.queries) == asked


def test_a_server_that_is_the_primary_is_no_standby_and_seldom_asked() -> None:
    primary, promoted = Server("p", 9), Server("promoted", None)
    database = replicated(primary, promoted)
    for _ in range(3):
        assert database.read("name") == [["p"]]
    assert promoted.queries == ["replayed_position"]


def test_a_promoted_standby_answers_until_the_primarys_connections_find_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("minitwit.postgres.standby._INTERVAL", 0.0)
    primary, promoted = Server("p", 9), Server("promoted", 9)
    database = replicated(primary, promoted)
    assert database.read("name") == [["promoted"]]
    primary.is_down, promoted.position = True, None
    assert database.read("name") == [["promoted"]]
    primary.is_down = False
    assert database.read("name") == [["p"]]


def test_what_was_known_long_ago_is_not_believed_while_another_task_measures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    primary, standby = Server("p", 9), Server("standby", 9)
    database = replicated(primary, standby)
    assert database.read("name") == [["standby"]]
    meanwhile: list[object] = []

    def ask_meanwhile(query: str, **_: object) -> list[list[object]]:
        if query == "flushed_position" and not meanwhile:
            meanwhile.append(None)
            meanwhile[:] = database.read("name")
        return [[9 if "position" in query else "p"]]

    primary.read = ask_meanwhile  # type: ignore[method-assign]
    now = time.monotonic()
    monkeypatch.setattr("minitwit.postgres.standby.time.monotonic", lambda: now + 600)
    assert database.read("name") == [["standby"]]
    assert meanwhile == [["p"]]


def test_a_late_standby_answers_as_soon_as_the_primary_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("minitwit.postgres.standby._INTERVAL", 0.0)
    monkeypatch.setattr("minitwit.postgres.standby.MAX_LAG", -1.0)
    primary, late = Server("p", 9), Server("late", 9)
    database = replicated(primary, late)
    assert database.read("name") == [["p"]]
    monkeypatch.setattr("minitwit.postgres.standby._INTERVAL", 60.0)
    assert database.read("name") == [["p"]]
    monkeypatch.undo()
    allow_late_reads(True)
    primary.is_down = True
    assert database.read("name") == [["late"]]
