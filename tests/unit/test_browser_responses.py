"""Post/Redirect/Get: where buttons lead, and what a Referer may say."""

from collections.abc import Iterator

import httpx
import pytest
from falcon import Request, testing

from minitwit.web.browser_responses import previous_page
from tests.contract.callers import Callers
from tests.fakes.store import fake_store
from tests.in_process import callers_of


def request(**headers: str) -> Request:
    return Request(testing.create_environ(host="minitwit.test", headers=headers))


@pytest.mark.parametrize(
    ("referer", "page"),
    [
        ("http://minitwit.test/public?before=1-2", "/public?before=1-2"),
        ("http://minitwit.test/Roger%20Histand", "/Roger%20Histand"),
        ("http://elsewhere.test/public", None),
        ("http://minitwit.test//elsewhere.test/", None),
        ("HTTP://MiniTwit.test/public", "/public"),
        ("http://minitwit.test/public#m7", "/public"),
        ("http://minitwit.test", "/"),
        ("http://minitwit.test/\\elsewhere.test/", None),
        ("http://minitwit.test@elsewhere.test/", None),
        ("http://elsewhere.test/http://minitwit.test/", None),
        ("http://minitwit.test/a b", None),
        ("http://minitwit.test/\xe6", None),
        ("http://[", None),
        ("http://[::1", None),
        ("http://minitwit.test:99999/", None),
        ("android-app://minitwit.test/", None),
        ("nonsense", None),
        ("", None),
    ],
)
def test_the_previous_page_is_one_of_ours(referer: str, page: str | None) -> None:
    assert previous_page(request(Referer=referer)) == page


def test_without_a_referer_there_is_no_previous_page() -> None:
    assert previous_page(request()) is None


@pytest.fixture
def moderator() -> Iterator[tuple[Callers, httpx.Client]]:
    """Return callers, and the browser of a moderator."""
    store = fake_store()
    minitwit = callers_of(store)
    name = minitwit.user()
    store.moderation.set_moderator(name, True)
    yield minitwit, minitwit.browser_of(name)
    minitwit.close()


@pytest.mark.parametrize("button", ["hide", "restore"])
@pytest.mark.parametrize(
    ("referer", "page"),
    [
        ("http://minitwit.test/public?before=9-9", "/public?before=9-9"),
        (None, "/{author}"),
        ("", "/{author}"),
    ],
)
def test_hiding_a_message_leads_back_to_its_place_on_the_page(
    moderator: tuple[Callers, httpx.Client],
    button: str,
    referer: str | None,
    page: str,
) -> None:
    minitwit, browser = moderator
    author = minitwit.user()
    minitwit.post(author, "hello")
    answer = browser.post(
        f"/{button}_message",
        data={"id": "1"},
        headers={} if referer is None else {"Referer": referer},
        follow_redirects=False,
    )
    assert answer.status_code == 303
    assert answer.headers["Location"] == page.format(author=author) + "#m1"


@pytest.mark.parametrize("referer", ["http://[", "http://evil.example/", "\xff", "//["])
def test_malformed_or_foreign_referer_hides_nothing(
    moderator: tuple[Callers, httpx.Client], referer: str
) -> None:
    minitwit, browser = moderator
    minitwit.post(minitwit.user(), "hello")
    answer = browser.post(
        "/hide_message",
        data={"id": "1"},
        headers=[(b"Referer", referer.encode("latin-1"))],
        follow_redirects=False,
    )
    assert answer.status_code == 403
    assert "hello" in minitwit.browser().get("/public").text


def test_moderator_whose_session_has_ended_is_led_back_to_the_page(
    moderator: tuple[Callers, httpx.Client],
) -> None:
    minitwit, _ = moderator
    answer = minitwit.anybody.post(
        "/hide_message",
        data={"id": "1"},
        headers={"Referer": "http://minitwit.test/public?before=9-9"},
    )
    assert answer.headers["Location"] == "/login?next=%2Fpublic%3Fbefore%3D9-9"
