"""A user's page and the lists behind it."""

import pytest

from minitwit.follows import PAGE_SIZE
from tests.contract.callers import Callers
from tests.contract.page import Page
from tests.fakes.store import fake_store
from tests.in_process import callers_of


def minitwit_with(*names: str) -> Callers:
    """Return callers of a MiniTwit of the test's own, with users in it."""
    callers = callers_of(fake_store())
    for name in names:
        callers.register(name)
    return callers


def test_a_page_counts_messages_followed_and_followers() -> None:
    minitwit = minitwit_with("ada", "bob", "cyd")
    minitwit.post("ada", "one")
    minitwit.follow("bob", "ada")
    minitwit.follow("cyd", "ada")
    page = Page(minitwit.browser().get("/ada"))
    words = " ".join(page.text.split())
    assert "1 message 0 followed 2 followers" in words
    assert {"/ada/following", "/ada/followers", "/ada/feed"} <= set(page.links)


def test_lists_show_people_and_lead_to_them_and_on() -> None:
    minitwit = minitwit_with("the star")
    fans = [f"fan {number:02}" for number in range(PAGE_SIZE + 1)]
    for fan in fans:
        minitwit.register(fan)
        minitwit.follow(fan, "the star")
    browser = minitwit.browser()
    page = Page(browser.get("/the%20star/followers"))
    assert "/fan%2050" in page.links
    assert "/fan%2000" not in page.links
    [older] = [link for link in page.links if "before=" in link]
    assert "/fan%2000" in Page(browser.get(older)).links
    assert "/the%20star" in Page(browser.get("/fan%2007/following")).links


def test_a_timeline_goes_on_before_1970() -> None:
    minitwit = callers_of(fake_store(clock=lambda: -86_400))
    minitwit.register("ada")
    for number in range(31):
        minitwit.post("ada", f"message {number}")
    browser = minitwit.browser()
    [older] = [a for a in Page(browser.get("/ada")).links if "before=" in a]
    page = browser.get(older).text
    assert "message 0<" in page
    assert "message 30<" not in page


@pytest.mark.parametrize("date", [2**63 - 1, -(2**63), 1_615_371_234_567_890_123])
def test_a_row_with_any_date_spoils_no_page_and_no_feed(date: int) -> None:
    minitwit = callers_of(fake_store(clock=lambda: date))
    minitwit.register("ada")
    for number in range(31):
        minitwit.post("ada", f"message {number}")
    browser = minitwit.browser()
    for path in ("/public", "/ada", "/ada/feed", "/public/feed"):
        assert browser.get(path).status_code == 200
    [older] = [a for a in Page(browser.get("/ada")).links if "before=" in a]
    assert "message 0<" in browser.get(older).text


def test_a_place_that_is_none_is_the_beginning() -> None:
    minitwit = minitwit_with("ada", "bob")
    minitwit.follow("bob", "ada")
    for before in ("", "x", "-5", "9" * 20, "9" * 5000):
        answer = minitwit.browser().get("/ada/followers", params={"before": before})
        assert "/bob" in Page(answer).links


def test_empty_lists_say_so() -> None:
    browser = minitwit_with("ada").browser()
    assert "Nobody follows ada yet." in browser.get("/ada/followers").text
    assert "ada follows nobody yet." in browser.get("/ada/following").text
    assert "ada has not written anything yet." in browser.get("/ada").text


def test_new_messages_are_a_number() -> None:
    minitwit = minitwit_with("ada", "bob", "cyd")
    minitwit.follow("ada", "bob")
    for author in ("ada", "bob", "cyd"):
        minitwit.post(author, "new")
    reader = minitwit.browser_of("ada")
    for query, number in (
        ("timeline=public&after=0-0", "3"),
        ("timeline=own&after=0-0", "2"),
        ("timeline=own&after=9999999999-9", "0"),
        ("after=nonsense", "3"),
        ("", "3"),
    ):
        answer = reader.get(f"/new_messages?{query}")
        assert (answer.status_code, answer.text) == (200, number)
    stranger = minitwit.anybody.get("/new_messages?timeline=own&after=0-0")
    assert stranger.text == "3"
