"""The Atom feeds, as a news reader takes them."""

import xml.etree.ElementTree as ET
from typing import Any

import httpx
import pytest

from tests.contract.callers import Callers
from tests.fakes.store import Memory, fake_store
from tests.in_process import callers_of

ATOM = {"": "http://www.w3.org/2005/Atom"}


@pytest.fixture
def memory() -> Memory:
    """Return what the store remembers."""
    return Memory()


@pytest.fixture
def minitwit(memory: Memory) -> Callers:
    """Return callers of a MiniTwit of the test's own."""
    return callers_of(fake_store(memory, clock=lambda: 1_767_225_600))


def read(answer: httpx.Response) -> ET.Element:
    """Return a feed."""
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ET.fromstring(answer.content)  # noqa: S314 (our own feed)


def text(element: ET.Element, path: str) -> Any:
    """Return what an element inside says."""
    return element.findtext(path, namespaces=ATOM)


def test_a_users_feed_says_who_wrote_what_and_when(minitwit: Callers) -> None:
    minitwit.register("Roger Histand")
    minitwit.post("Roger Histand", "first")
    minitwit.post("Roger Histand", 'a < b & "c"')
    feed = read(minitwit.anybody.get("/Roger%20Histand/feed"))
    assert text(feed, "title") == "Roger Histand on MiniTwit"
    assert text(feed, "id") == "http://minitwit.test/Roger%20Histand/feed"
    assert text(feed, "updated") == "2026-01-01T00:00:00+00:00"
    entries = feed.findall("entry", ATOM)
    assert [text(entry, "content") for entry in entries] == ['a < b & "c"', "first"]
    assert text(entries[0], "author/name") == "Roger Histand"
    ids = {text(entry, "id") for entry in entries}
    assert len(ids) == 2
    assert all(i.startswith("http://minitwit.test/Roger%20Histand#m") for i in ids)


def test_the_public_feed_holds_everybodys_messages_but_no_hidden_one(
    minitwit: Callers, memory: Memory
) -> None:
    for name in ("ada", "bob", "cyd"):
        minitwit.register(name)
        minitwit.post(name, f"from {name}")
    memory.flagged.add(2)
    feed = read(minitwit.anybody.get("/public/feed"))
    shown = [text(entry, "content") for entry in feed.findall("entry", ATOM)]
    assert shown == ["from cyd", "from ada"]


def test_characters_that_xml_cannot_hold_do_not_break_the_feed(
    minitwit: Callers,
) -> None:
    minitwit.register("ada")
    minitwit.post("ada", "bell \x07, half \ufffe, cut ]]> and \U0001f9a9")
    feed = read(minitwit.anybody.get("/ada/feed"))
    assert (
        text(feed, "entry/content")
        == "bell \ufffd, half \ufffd, cut ]]> and \U0001f9a9"
    )


def test_a_reader_that_has_the_feed_already_gets_nothing(minitwit: Callers) -> None:
    minitwit.register("ada")
    minitwit.post("ada", "one")
    first = minitwit.anybody.get("/ada/feed")
    assert first.headers["Cache-Control"] == "public, no-cache"
    known = {"If-None-Match": first.headers["ETag"]}
    again = minitwit.anybody.get("/ada/feed", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    minitwit.post("ada", "two")
    assert minitwit.anybody.get("/ada/feed", headers=known).status_code == 200


def test_an_empty_feed_is_one(minitwit: Callers) -> None:
    assert read(minitwit.anybody.get("/public/feed")).findall("entry", ATOM) == []
