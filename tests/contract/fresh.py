"""Rows that hold only for a MiniTwit that has never been used."""

from tests.contract.callers import Callers
from tests.contract.page import Page


# contract: S9
def test_latest_before_any_is_minus_one(minitwit: Callers) -> None:
    assert minitwit.anybody.get("/latest").json() == {"latest": -1}


def test_ignored_latest_leaves_it_at_minus_one(minitwit: Callers) -> None:
    minitwit.simulator.get("/msgs?latest=none")
    assert minitwit.latest() == -1


def test_zero_is_a_latest_like_any_other(minitwit: Callers) -> None:
    minitwit.simulator.get("/msgs?latest=0")
    assert minitwit.latest() == 0


def test_messages_before_any_are_an_empty_list(minitwit: Callers) -> None:
    assert minitwit.simulator.get("/msgs").json() == []


def test_public_timeline_before_any_message_is_a_page(minitwit: Callers) -> None:
    assert Page(minitwit.browser().get("/public")).text
