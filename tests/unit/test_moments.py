"""Dates as pages and feeds write them."""

import pytest

from functions.timeline.message_html import moment


@pytest.mark.parametrize(
    ("pub_date", "iso"),
    [
        (0, "1970-01-01T00:00:00+00:00"),
        (1_767_312_245, "2026-01-02T00:04:05+00:00"),
        (-62_135_596_800, "0001-01-01T00:00:00+00:00"),
        (253_402_300_799, "9999-12-31T23:59:59+00:00"),
        # What a page can write in no other way is of a finer unit.
        (253_402_300_800, "1978-01-11T21:31:40+00:00"),
        (1_615_371_234_567, "2021-03-10T10:13:54+00:00"),
        (1_615_371_234_567_890, "2021-03-10T10:13:54+00:00"),
        (1_615_371_234_567_890_123, "2021-03-10T10:13:54+00:00"),
        (2**63 - 1, "2262-04-11T23:47:16+00:00"),
        (-(2**63), "1677-09-21T00:12:43+00:00"),
    ],
)
def test_every_date_that_the_database_can_hold_is_written(
    pub_date: int, iso: str
) -> None:
    assert moment(pub_date) == (iso, f"{iso[:10]} @ {iso[11:16]}")
