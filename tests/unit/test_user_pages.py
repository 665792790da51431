"""A user's page and the lists behind it."""

from urllib.parse import quote

import pytest

from minitwit.follows import PAGE_SIZE
from minitwit.models import Account
from tests.contract.callers import PASSWORD, Callers
from tests.contract.page import Page
from tests.fakes.store import Memory, fake_store
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
    assert "1 message 0 following 2 followers" in words
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


def test_a_list_of_exactly_one_page_has_no_next_one() -> None:
    fans = [f"fan {number:02}" for number in range(PAGE_SIZE)]
    minitwit = minitwit_with("star", *fans)
    for name in fans:
        minitwit.follow(name, "star")
        minitwit.follow("star", name)
    for path in ("/star/followers", "/star/following"):
        page = Page(minitwit.browser().get(path))
        assert "/fan%2000" in page.links
        assert not [link for link in page.links if "before=" in link]


def test_the_author_of_a_hidden_message_is_told_and_no_other_reader() -> None:
    store = fake_store()
    minitwit = callers_of(store)
    for name in ("ada", "bob"):
        minitwit.register(name)
    minitwit.post("ada", "rude")
    store.moderation.set_hidden(1, True)
    ada, bob = minitwit.browser_of("ada"), minitwit.browser_of("bob")
    for path in ("/ada", "/"):
        text = ada.get(path).text
        assert "A moderator has hidden" in text
        assert "not written anything" not in text
        assert "Write your first message" not in text
        assert "rude" not in text
    assert "A moderator" not in bob.get("/ada").text
    minitwit.post("ada", "polite")
    text = ada.get("/ada").text
    assert "A moderator has hidden one of your messages" in text
    assert "polite" in text


@pytest.mark.parametrize("name", ["\u202eevil", "ليلى", "שרה כהן", "\u2066a"])
def test_a_name_is_isolated_wherever_it_stands_in_text(name: str) -> None:
    memory = Memory()
    memory.accounts[name] = Account(100, name)
    memory.passwords[name] = PASSWORD
    minitwit = callers_of(fake_store(memory))
    minitwit.register("ada")
    path = f"/{quote(name)}"
    ada, own = minitwit.browser_of("ada"), minitwit.browser_of(name)
    own.post("/add_message", data={"text": f"I am @{name}"})
    pages = [
        ada.post(f"{path}/follow").text,
        ada.post(f"{path}/unfollow").text,
        *(ada.get(p).text for p in (path, f"{path}/followers", f"{path}/following")),
        *(own.get(p).text for p in ("/", "/public", path, f"{path}/followers")),
        minitwit.browser().get(path).text,
    ]
    for page in pages:
        assert name in page
        bare = page.replace(f"<bdi>{name}</bdi>", "").replace(f"<bdi>@{name}</bdi>", "")
        assert name not in bare.replace(f"\u2068{name}\u2069", "")
    title = ada.get(f"{path}/feed").text.partition("</title>")[0]
    assert f"\u2068{name}\u2069 on MiniTwit" in title


def test_only_a_message_of_many_lines_can_be_scrolled_by_keyboard() -> None:
    minitwit = minitwit_with("ada")
    minitwit.post("ada", "\n" * 480 + "end")
    minitwit.post("ada", "one\ntwo")
    html = minitwit.browser().get("/ada").text
    assert html.count('tabindex="0"') == 1
    assert minitwit.contents("ada")[1] == "\n" * 480 + "end"
