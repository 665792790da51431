"""Mentions of the reader, people by name, and the follow buttons in lists of people."""

import re
from urllib.parse import quote

import httpx
import pytest

from tests.contract.callers import PASSWORD, Callers, new_name
from tests.contract.page import Page, flash_of


def mentions(browser: httpx.Client) -> list[str]:
    """Return the bracketed texts of the messages on the page of mentions."""
    return re.findall(r"\[.*?\]", Page(browser.get("/mentions")).text)


def new_ones(browser: httpx.Client) -> str | None:
    """Return the number in the header's link to the mentions."""
    text = " ".join(Page(browser.get("/public")).text.split())
    found = re.search(r"Mentions (\S+) new", text)
    return found[1] if found else None


def listed(browser: httpx.Client, path: str, names: list[str]) -> list[str]:
    """Return those of some names that a page lists people by."""
    links = Page(browser.get(path)).links
    return [name for name in names if f"/{quote(name)}" in links]


# contract: N1
def test_mentions_need_a_session_and_are_shown_after_signing_in(
    minitwit: Callers,
) -> None:
    ada = minitwit.user()
    minitwit.post(minitwit.somebody, f"[hello] @{ada}")
    browser = minitwit.browser()
    answer = browser.get("/mentions")
    assert answer.url.path == "/login"
    form = {"username": ada, "password": PASSWORD}
    answer = browser.post(str(answer.url), data=form)
    assert answer.url.path == "/mentions"
    assert "[hello]" in answer.text


# contract: N2
def test_a_message_is_found_by_the_users_whom_it_names(minitwit: Callers) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    full = f"{bob} Q. Mustermann"
    minitwit.register(full)
    for text in (
        f"[1] @{bob} and @{full}, hello @{bob}",
        f"[2] @{full}",
        f"[3] @{bob}y or x@{bob} or @{bob}@other.example",
        f"[4] http://a.example/@{bob}",
    ):
        minitwit.post(ada, text)
    minitwit.post(bob, f"[5] I am @{bob}")
    assert mentions(minitwit.browser_of(bob)) == ["[1]"]
    assert mentions(minitwit.browser_of(full)) == ["[2]", "[1]"]
    assert mentions(minitwit.browser_of(ada)) == []


# contract: N2
def test_a_message_from_a_form_is_found_as_well_and_once(minitwit: Callers) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    browser = minitwit.browser_of(ada)
    form = {**Page(browser.get("/")).hidden(), "text": f"[form] @{bob}"}
    for _ in range(2):
        answer = browser.post("/add_message", data=form)
        assert flash_of(answer) == "Your message was recorded"
    assert mentions(minitwit.browser_of(bob)) == ["[form]"]


# contract: N1
def test_mentions_have_thirty_messages_a_page_and_older_ones_by_keyset(
    minitwit: Callers,
) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    for n in range(32):
        minitwit.post(ada, f"[message {n}] @{bob}")
    browser = minitwit.browser_of(bob)
    page = Page(browser.get("/mentions"))
    assert len(re.findall(r"\[message \d+\]", page.text)) == 30
    [older] = [link for link in page.links if "before=" in link]
    shown = re.findall(r"\[message \d+\]", Page(browser.get(older)).text)
    assert shown == ["[message 1]", "[message 0]"]


# contract: N3
def test_header_counts_mentions_until_they_are_seen(minitwit: Callers) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    browser = minitwit.browser_of(bob)
    assert new_ones(browser) is None
    for n in range(2):
        minitwit.post(ada, f"[{n}] @{bob}")
    assert new_ones(browser) == "2"
    assert browser.head("/mentions").status_code == 200
    assert new_ones(browser) == "2"
    assert mentions(browser) == ["[1]", "[0]"]
    assert new_ones(browser) is None
    minitwit.post(ada, f"[2] @{bob}")
    assert new_ones(browser) == "1"


# contract: N3
def test_header_counts_up_to_99_mentions(minitwit: Callers) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    for _ in range(101):
        minitwit.post(ada, f"@{bob}")
    assert new_ones(minitwit.browser_of(bob)) == "99+"


# contract: N4
@pytest.mark.parametrize("change", [str, str.upper, str.lower])
def test_people_are_found_by_the_first_letters_of_their_names(
    minitwit: Callers, change: type[str]
) -> None:
    prefix = new_name("Ærlig Søren")
    names = [f"{prefix}-{letter}" for letter in "abc"]
    for name in names:
        minitwit.register(name)
    browser = minitwit.browser()
    others = [minitwit.somebody, *names]
    assert listed(browser, f"/people?name={quote(change(prefix))}", others) == names
    found = listed(browser, f"/people?name={quote(change(names[1]))}", others)
    assert found == names[1:2]


# contract: N4
@pytest.mark.parametrize("sign", ["%", "_", "*"])
def test_signs_stand_for_themselves_in_a_search(minitwit: Callers, sign: str) -> None:
    plain, special = new_name("sign"), new_name(f"sign{sign}")
    for name in (plain, special):
        minitwit.register(name)
    path = f"/people?name={quote('sign' + sign + special.removeprefix('sign' + sign))}"
    assert listed(minitwit.browser(), path, [plain, special]) == [special]
    nothing = new_name(sign)
    assert nothing in minitwit.browser().get(f"/people?name={quote(nothing)}").text


# contract: N4
def test_people_whom_a_reader_follows_are_not_proposed(minitwit: Callers) -> None:
    ada, bob, eve = minitwit.user(), minitwit.user(), minitwit.user()
    for name in (ada, bob, eve):
        minitwit.post(name, "hello")
    minitwit.follow(ada, bob)
    browser = minitwit.browser_of(ada)
    names = [bob, eve]
    assert listed(browser, "/people", names) == [eve]
    assert listed(minitwit.browser(), "/people", [ada, bob, eve]) == [ada, bob, eve]


# contract: N5
def test_a_follow_button_in_a_list_of_people_leads_back_to_the_list(
    minitwit: Callers,
) -> None:
    ada, bob = minitwit.user(), minitwit.user("Bob é?&#")
    eve = minitwit.user()
    minitwit.follow(ada, bob)
    for followed in (eve, ada):
        minitwit.follow(quote(bob, safe=""), followed)
    browser = minitwit.browser_of(ada)
    path = f"/{quote(bob, safe='')}/following"
    for action, sentence in (
        ("follow", f'You are now following "{eve}"'),
        ("unfollow", f'You are no longer following "{eve}"'),
    ):
        actions = [a for a in Page(browser.get(path)).actions if a and "next=" in a]
        [button] = [a for a in actions if a.startswith(f"/{eve}/{action}?")]
        assert not [a for a in actions if a.startswith(f"/{ada}/")]
        answer = browser.post(button)
        assert answer.url.raw_path.decode() == path
        assert flash_of(answer) == sentence
    assert minitwit.follows(ada) == [bob]


# contract: N5
def test_every_list_of_people_has_buttons_for_a_signed_in_reader(
    minitwit: Callers,
) -> None:
    ada, bob, eve = minitwit.user(), minitwit.user(), minitwit.user()
    for name in (bob, ada):
        minitwit.follow(eve, name)
        minitwit.follow(name, eve)
    browser = minitwit.browser_of(ada)
    for path, button in (
        (f"/{eve}/following", f"/{bob}/follow?"),
        (f"/{eve}/followers", f"/{bob}/follow?"),
        (f"/people?name={bob}", f"/{bob}/follow?"),
        (f"/people?name={eve}", f"/{eve}/unfollow?"),
    ):
        actions = [a for a in Page(browser.get(path)).actions if a]
        assert [a for a in actions if a.startswith(button)], path
        assert not Page(minitwit.browser().get(path)).actions[1:], path


# contract: N5
@pytest.mark.parametrize("page", ["https://other.example/", "//other.example", "x", ""])
def test_a_follow_button_leads_to_no_other_site(minitwit: Callers, page: str) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    browser = minitwit.browser_of(ada)
    answer = browser.post(f"/{bob}/follow", params={"next": page})
    assert answer.url.path == f"/{bob}"
