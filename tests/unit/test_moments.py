"""Dates as pages and feeds write them."""

from functions.timeline.pages import moment


def test_a_date_is_written_for_programs_and_for_people() -> None:
    assert moment(1_767_312_245) == ("2026-01-02T00:04:05+00:00", "2026-01-02 @ 00:04")


def test_the_first_moment_is_one() -> None:
    assert moment(0) == ("1970-01-01T00:00:00+00:00", "1970-01-01 @ 00:00")
