"""Names, messages and headers of the kinds that break services spoil nothing else.

What a caller sends is accepted or refused with a reason, never a 5xx, and every page
of another user stays as it was.
"""

import unicodedata
from urllib.parse import quote
from xml.etree import ElementTree

import httpx
from hypothesis import example, given
from hypothesis import strategies as st

from tests import strategies
from tests.contract.callers import PASSWORD, SIMULATOR, Callers, assert_error
from tests.contract.endpoints import API, PAGES, Endpoint
from tests.contract.page import Page


def register(minitwit: Callers, name: str) -> httpx.Response:
    body = {"username": name, "email": "a@b.c", "pwd": PASSWORD}
    return minitwit.simulator.post("/register", json=body)


def assert_pages_show(minitwit: Callers, author: str, content: str) -> None:
    """Check that the public pages and those of an author show a message."""
    name = quote(author, safe="")
    for path in ("/public", f"/{name}"):
        answer = minitwit.browser().get(path)
        assert answer.status_code == 200, path
        assert content in Page(answer).text, path
    for path in ("/public/feed", f"/{name}/feed"):
        answer = minitwit.anybody.get(path)
        assert answer.status_code == 200, path
        assert content in "".join(ElementTree.fromstring(answer.content).itertext())  # noqa: S314 (our own)


@given(name=strategies.names)
@example(name="robots.txt")
@example(name="\u202ealice")
def test_name_is_taken_or_refused_and_has_a_page_of_its_own(
    minitwit: Callers, name: str
) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:  # No JSON in UTF-8 can hold it.
        return
    answer = register(minitwit, name)
    if answer.status_code != 204:
        assert_error(answer, 400)
        return
    assert name == unicodedata.normalize("NFC", name)
    assert name == " ".join(name.split())
    path = quote(name, safe="")
    content = f"written by {name}"
    posted = minitwit.simulator.post(f"/msgs/{path}", json={"content": content})
    assert posted.status_code == 204
    [message] = minitwit.simulator.get(f"/msgs/{path}").json()
    assert (message["user"], message["content"]) == (name, content)
    assert_pages_show(minitwit, name, content)


@given(name=strategies.impostors)
@example(name="\u200b")
@example(name="alice\u200b")
def test_name_that_is_invisible_or_looks_like_another_is_400(
    minitwit: Callers, name: str
) -> None:
    assert_error(register(minitwit, name), 400)


@given(name=strategies.root_names)
def test_name_with_a_meaning_at_the_root_is_400_in_any_case(
    minitwit: Callers, name: str
) -> None:
    assert_error(register(minitwit, name), 400, "reserved")


@given(content=strategies.messages)
@example(content="\u3164")
@example(content="\x0b]]>")
@example(content="\n" * 480)
def test_message_is_kept_or_refused_and_spoils_no_other(
    minitwit: Callers, content: str
) -> None:
    author = minitwit.somebody
    answer = minitwit.simulator.post(f"/msgs/{author}", json={"content": content})
    if answer.status_code == 204:
        assert minitwit.contents(author)[0] == content
    else:
        assert_error(answer, 400)
    minitwit.post(author, "an innocent message")
    assert_pages_show(minitwit, author, "an innocent message")


@given(text=st.text(strategies.invisible, min_size=1, max_size=20))
def test_message_without_a_visible_character_is_400(
    minitwit: Callers, text: str
) -> None:
    url = f"/msgs/{minitwit.somebody}"
    assert_error(minitwit.simulator.post(url, json={"content": text}), 400)


@given(
    endpoint=st.sampled_from(API + PAGES),
    headers=strategies.headers,
    as_simulator=st.booleans(),
)
@example(
    endpoint=next(endpoint for endpoint in API if endpoint.path == "/register"),
    headers=[
        (b"Content-Type", b"application/x-www-form-urlencoded"),
        (b"Sec-Fetch-Site", b"cross-site"),
    ],
    as_simulator=False,
)
def test_headers_in_any_spelling_decide_about_their_own_request_alone(
    minitwit: Callers,
    endpoint: Endpoint,
    headers: list[tuple[bytes, bytes]],
    as_simulator: bool,
) -> None:
    url = endpoint.path.format(user=minitwit.somebody)
    own = httpx.Headers(SIMULATOR if as_simulator else {}).raw
    answer = minitwit.anybody.request(endpoint.method, url, headers=[*own, *headers])
    assert answer.status_code < 500, answer.text
    # A body of /register may be a browser's form, by its Content-Type.
    of_browsers = (b"accept", b"content-type")
    as_browser = any(name.lower().startswith(of_browsers) for name, _ in headers)
    if endpoint.is_api and answer.status_code >= 400 and not as_browser:
        assert_error(answer, answer.status_code)
    assert minitwit.simulator.get("/msgs").status_code == 200
    assert minitwit.browser().get("/public").status_code == 200
