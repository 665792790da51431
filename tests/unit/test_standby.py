"""How far a standby is behind, from positions and a clock."""

from minitwit.postgres.standby import Lag


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
