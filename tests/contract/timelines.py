"""Section 4 of the contract: the timelines' pages, their order and their escaping."""

import re
from urllib.parse import quote

import pytest

from tests.contract.callers import Callers, new_name
from tests.contract.page import Page


# contract: P4
def test_own_timeline_redirects_to_public_when_nobody_is_signed_in(
    minitwit: Callers,
) -> None:
    answer = minitwit.browser().get("/", follow_redirects=False)
    assert answer.status_code in (302, 303)
    assert answer.headers["Location"].endswith("/public")


# contract: P4
def test_own_timeline_is_own_messages_and_those_of_followed_users(
    minitwit: Callers,
) -> None:
    ada, bob, eve = minitwit.user(), minitwit.user(), minitwit.user()
    minitwit.follow(ada, bob)
    for name in (ada, bob, eve):
        minitwit.post(name, f"text of {name}")
    text = Page(minitwit.browser_of(ada).get("/")).text
    assert f"text of {ada}" in text
    assert f"text of {bob}" in text
    assert f"text of {eve}" not in text


def test_public_timeline_shows_everybodys_messages(minitwit: Callers) -> None:
    names = [minitwit.user() for _ in range(2)]
    for name in names:
        minitwit.post(name, f"text of {name}")
    text = Page(minitwit.browser().get("/public")).text
    assert all(f"text of {name}" in text for name in names)


def test_user_timeline_is_that_users_messages_alone(minitwit: Callers) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    minitwit.follow(ada, bob)
    minitwit.post(ada, "text of ada")
    minitwit.post(bob, "text of bob")
    text = Page(minitwit.browser().get(f"/{ada}")).text
    assert "text of ada" in text
    assert "text of bob" not in text


def test_user_timeline_survives_in_older_links_of_a_name_with_odd_characters(
    minitwit: Callers,
) -> None:
    name = new_name("a b?c#d%e&f")
    minitwit.register(name)
    path = f"/msgs/{quote(name, safe='')}"
    for n in range(31):
        minitwit.simulator.post(path, json={"content": f"({n})"})
    browser = minitwit.browser()
    page = Page(browser.get(f"/{quote(name, safe='')}"))
    [older] = [link for link in page.links if "before=" in link]
    assert "(0)" in Page(browser.get(older)).text


# contract: P5
def test_timeline_has_thirty_messages_a_page_and_older_ones_by_keyset(
    minitwit: Callers,
) -> None:
    ada = minitwit.user()
    for n in range(65):
        minitwit.post(ada, f"[message {n}]")
    browser = minitwit.browser_of(ada)
    for start in (f"/{ada}", "/"):
        seen: list[list[str]] = []
        link: str | None = start
        while link is not None:
            assert "offset" not in link
            page = Page(browser.get(link))
            seen.append(re.findall(r"\[message \d+\]", page.text))
            link = next((a for a in page.links if "before=" in a), None)
        assert [len(shown) for shown in seen] == [30, 30, 5]
        assert [text for shown in seen for text in shown] == [
            f"[message {n}]" for n in range(64, -1, -1)
        ]


# contract: P5
def test_newer_pages_are_the_pages_on_the_way_back_and_end_at_the_path_itself(
    minitwit: Callers,
) -> None:
    ada = minitwit.user()
    for n in range(95):
        minitwit.post(ada, f"[message {n}]")
    browser = minitwit.browser_of(ada)
    for start in (f"/{ada}", "/"):
        pages = [Page(browser.get(start))]
        while link := link_with("before=", pages[-1]):
            pages.append(Page(browser.get(link)))
        assert len(pages) == 4
        shown = [re.findall(r"\[message \d+\]", page.text) for page in pages]
        assert link_with("after=", pages[0]) is None
        page = pages[-1]
        for expected in shown[-2::-1]:
            answer = browser.get(link_with("after=", page) or "")
            page = Page(answer)
            assert re.findall(r"\[message \d+\]", page.text) == expected
        assert (answer.url.path, answer.url.query) == (start, b"")


def link_with(parameter: str, page: Page) -> str | None:
    """Return the link that leads on in a direction, if there is one."""
    return next((link for link in page.links if parameter in link), None)


def test_messages_posted_meanwhile_shorten_no_newer_page(minitwit: Callers) -> None:
    ada = minitwit.user()
    for n in range(31):
        minitwit.post(ada, f"[message {n}]")
    browser = minitwit.browser()
    last = Page(browser.get(link_with("before=", Page(browser.get(f"/{ada}"))) or ""))
    minitwit.post(ada, "[message 31]")
    newer = Page(browser.get(link_with("after=", last) or ""))
    assert re.findall(r"\[message (\d+)\]", newer.text) == [
        str(n) for n in range(30, 0, -1)
    ]
    answer = browser.get(link_with("after=", newer) or "")
    assert (answer.url.path, answer.url.query) == (f"/{ada}", b"")


def test_last_page_that_is_full_offers_no_empty_one(minitwit: Callers) -> None:
    ada = minitwit.user()
    for n in range(60):
        minitwit.post(ada, f"[message {n}]")
    browser = minitwit.browser_of(ada)
    for start in (f"/{ada}", "/"):
        [older] = [a for a in Page(browser.get(start)).links if "before=" in a]
        last = Page(browser.get(older))
        assert len(re.findall(r"\[message \d+\]", last.text)) == 30
        assert not [link for link in last.links if "before=" in link]


def test_message_posted_meanwhile_moves_nothing_on_the_older_page(
    minitwit: Callers,
) -> None:
    ada = minitwit.user()
    for n in range(32):
        minitwit.post(ada, f"[message {n}]")
    browser = minitwit.browser()
    links = Page(browser.get(f"/{ada}")).links
    older = next(link for link in links if "before=" in link)
    minitwit.post(ada, "[message 32]")
    shown = re.findall(r"\[message \d+\]", Page(browser.get(older)).text)
    assert shown == ["[message 1]", "[message 0]"]


@pytest.mark.parametrize("place", ["", "x", "1", "1-", "--1-1", "9" * 40, "1-2-3"])
@pytest.mark.parametrize("parameter", ["before", "after"])
def test_parameter_that_names_no_place_shows_the_newest_page(
    minitwit: Callers, parameter: str, place: str
) -> None:
    ada = minitwit.user()
    minitwit.post(ada, "newest message")
    answer = minitwit.browser().get(f"/{ada}", params={parameter: place})
    assert answer.status_code == 200
    assert "newest message" in answer.text


@pytest.mark.parametrize(
    ("content", "links"),
    [
        ("https://a.example/b。次", ["https://a.example/b"]),
        ("see “https://a.example/b”", ["https://a.example/b"]),
        ("（https://a.example/b）", ["https://a.example/b"]),
        ("https://known.example@a.example/", []),
        ("@{bob}, hello", ["/{bob}"]),
        ("@{bob} Q. Mustermann!", ["/{bob}%20Q.%20Mustermann"]),
        ("@{bob}@other.example", []),
        ("@{bob}-Smith", []),
        ("@nobody-{bob}", []),
    ],
)
def test_messages_link_addresses_as_they_are_read_and_users_who_exist(
    minitwit: Callers, content: str, links: list[str]
) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    minitwit.register(f"{bob} Q. Mustermann")
    browser = minitwit.browser()
    before = Page(browser.get(f"/{ada}")).links
    minitwit.post(ada, content.format(bob=bob))
    shown = Page(browser.get(f"/{ada}")).links
    own = re.compile(f"/{ada}(/.*)?")
    found = [link for link in shown if link not in before and not own.fullmatch(link)]
    assert found == [link.format(bob=bob) for link in links]


# contract: P6
def test_quotes_and_angle_brackets_are_escaped(minitwit: Callers) -> None:
    ada = minitwit.user()
    minitwit.post(ada, """<b>"bold" & 'brave'</b>""")
    for path in (f"/{ada}", "/public"):
        text = minitwit.browser().get(path).text
        assert "&lt;b&gt;&#34;bold&#34; &amp; &#39;brave&#39;&lt;/b&gt;" in text
        assert "<b>&#34;bold" not in text


def test_name_with_markup_is_escaped_everywhere(minitwit: Callers) -> None:
    name = new_name("\"><img src=x onerror='a'>")
    minitwit.register(name)
    browser = minitwit.browser_of(name)
    browser.post("/add_message", data={"text": "x"})
    for path in ("/", "/public", f"/{quote(name, safe='')}"):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert "<img" not in answer.text
        assert name in Page(answer).text
