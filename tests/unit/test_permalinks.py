"""The page of one message: who sees a hidden one, and what it says to other sites."""

import re

import pytest

from minitwit.store import Store
from tests.contract.callers import Callers
from tests.contract.page import Page
from tests.fakes.store import fake_store
from tests.in_process import callers_of


@pytest.fixture
def store() -> Store:
    """Return a store."""
    return fake_store()


@pytest.fixture
def minitwit(store: Store) -> Callers:
    """Return callers with the users ada and mod, a moderator, and a message of ada."""
    callers = callers_of(store)
    for name in ("ada", "mod"):
        callers.register(name)
    store.moderation.set_moderator("mod", True)
    callers.post("ada", "something rude")
    return callers


def test_a_hidden_message_is_there_for_moderators_only_and_marked(
    minitwit: Callers, store: Store
) -> None:
    store.moderation.set_hidden(1, True)
    for reader in (minitwit.browser(), minitwit.browser_of("ada")):
        answer = reader.get("/ada/1")
        assert answer.status_code == 404
        assert "rude" not in answer.text
    answer = minitwit.browser_of("mod").get("/ada/1")
    page = Page(answer)
    assert "something rude" in page.text
    assert "Hidden" in page.text
    assert "/restore_message" in page.actions
    assert "rude" not in answer.text.partition("<body")[0]
    assert "og:" not in answer.text


def test_hiding_on_the_permalink_leads_back_to_it(minitwit: Callers) -> None:
    answer = minitwit.browser_of("mod").post(
        "/hide_message",
        data={"id": "1"},
        headers={"Referer": "http://minitwit.test/ada/1"},
        follow_redirects=False,
    )
    assert answer.headers["Location"] == "/ada/1#m1"


def test_a_long_message_is_cut_in_what_other_sites_show(minitwit: Callers) -> None:
    minitwit.post("ada", "word " * 200)
    head = minitwit.browser().get("/ada/2").text.partition("<body")[0]
    assert max(map(len, re.findall(r'content="([^"]*)"', head))) < 220
    assert head.count("word...") == 2


def test_an_older_page_of_a_user_is_not_the_canonical_one(minitwit: Callers) -> None:
    browser = minitwit.browser()
    assert 'rel="canonical" href="http://minitwit.test/ada"' in browser.get("/ada").text
    assert "canonical" not in browser.get("/ada?before=9999999999-1").text


def test_whose_message_it_is_makes_another_piece_of_the_page(minitwit: Callers) -> None:
    """The piece is cached: a page of the author leaves no button on another's."""
    ada = minitwit.browser_of("ada")
    for reader, shown in ((ada, True), (minitwit.browser(), False), (ada, True)):
        page = Page(reader.get("/public"))
        assert ("/delete_message" in page.actions) is shown
