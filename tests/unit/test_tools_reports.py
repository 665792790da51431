"""Masking and rate limit of error reports."""

from collections.abc import Iterator

import pytest

from minitwit.telemetry import error_reports as reports
from minitwit.telemetry.error_reports import masked


@pytest.fixture
def fresh_budget() -> Iterator[None]:
    reports._recent.clear()
    yield
    reports._recent.clear()


@pytest.mark.parametrize(
    ("message", "reported"),
    [
        ("'Roger Histand'", "…"),
        ("invalid literal: \"a secret\" and 'another'", "invalid literal: … and …"),
        (
            "{'S': 'ERROR', 'C': '42703', 'M': 'column \"content\" does not exist'}",
            'column "content" does not exist (SQLSTATE 42703)',
        ),
        (
            "{'C': '23505', 'M': 'duplicate key violates \"users_key\"', "
            "'D': 'Key (username)=(Roger Histand) already exists.'}",
            "duplicate key violates … (SQLSTATE 23505)",
        ),
        ("division by zero", "division by zero"),
    ],
)
def test_a_message_is_reported_without_what_it_quotes(
    message: str, reported: str
) -> None:
    assert masked(message) == reported


@pytest.mark.usefixtures("fresh_budget")
def test_a_storm_of_exceptions_sends_twenty_reports_a_minute() -> None:
    sent = [not reports._reaches_limit(now=second * 0.1) for second in range(600)]
    assert sum(sent) == 20
    assert not reports._reaches_limit(now=61.0)
