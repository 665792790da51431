"""Reports of readers, and what only moderators may do."""

import re

import httpx
import pytest

from tests.contract.callers import Callers, new_name
from tests.contract.page import Page, flash_of

MODERATORS_FORMS = [
    "/hide_message",
    "/restore_message",
    "/dismiss_reports",
    "/suspend_user",
    "/unsuspend_user",
]


def posted(minitwit: Callers, author: str) -> str:
    """Post a message and return its id."""
    minitwit.post(author, "something rude")
    page = minitwit.browser().get(f"/{author}").text
    return str(re.findall(r'<li id="m(\d+)"', page)[0])


def report(browser: httpx.Client, message_id: str) -> httpx.Response:
    """Report a message as its button does."""
    return browser.post("/report_message", data={"id": message_id})


# contract: D1
def test_reader_reports_a_message_and_a_second_time_is_harmless(
    minitwit: Callers,
) -> None:
    author, browser = minitwit.user(), minitwit.browser_of(minitwit.user())
    message_id = posted(minitwit, author)
    assert "/report_message" in Page(browser.get(f"/{author}")).actions
    for _ in range(2):
        answer = report(browser, message_id)
        assert answer.status_code == 200
        assert flash_of(answer) == "The message was reported to the moderators"
    assert minitwit.contents(author) == ["something rude"]


# contract: D1
def test_report_leads_back_to_the_message_on_the_page(minitwit: Callers) -> None:
    author, browser = minitwit.user(), minitwit.browser_of(minitwit.user())
    message_id = posted(minitwit, author)
    answer = browser.post(
        "/report_message",
        data={"id": message_id},
        headers={"Referer": f"{minitwit.url}/{author}"},
        follow_redirects=False,
    )
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/{author}#m{message_id}"


# contract: D1
def test_nobody_can_report_their_own_message_or_one_that_is_not_there(
    minitwit: Callers,
) -> None:
    author = minitwit.user()
    browser = minitwit.browser_of(author)
    message_id = posted(minitwit, author)
    assert "/report_message" not in Page(browser.get(f"/{author}")).actions
    answer = report(browser, message_id)
    assert answer.status_code == 400
    assert "your own" in Page(answer).text
    for unknown in ("", "x", "-", "1" * 18, "9" * 40):
        assert report(browser, unknown).status_code == 404


# contract: D1
def test_report_needs_somebody_signed_in(minitwit: Callers) -> None:
    author, stranger = minitwit.user(), minitwit.browser()
    message_id = posted(minitwit, author)
    assert "/report_message" not in Page(stranger.get(f"/{author}")).actions
    assert report(stranger, message_id).url.path == "/login"


# contract: D2
def test_queue_of_reports_is_for_moderators(minitwit: Callers) -> None:
    answer = minitwit.browser().get("/reports?before=7")
    assert answer.url.path == "/login"
    assert answer.url.params["next"] == "/reports?before=7"
    answer = minitwit.somebodys_browser.get("/reports")
    assert answer.status_code == 403
    assert "Only a moderator may do this." in Page(answer).text
    assert "/reports" not in Page(minitwit.somebodys_browser.get("/public")).links


# contract: D2
@pytest.mark.parametrize("path", MODERATORS_FORMS)
def test_form_of_moderators_is_403_for_others_and_changes_nothing(
    minitwit: Callers, path: str
) -> None:
    author = minitwit.user()
    form = {"id": posted(minitwit, author), "username": author}
    assert minitwit.browser().post(path, data=form).url.path == "/login"
    answer = minitwit.somebodys_browser.post(path, data=form)
    assert answer.status_code == 403
    assert "Only a moderator may do this." in Page(answer).text
    assert minitwit.contents(author) == ["something rude"]
    minitwit.browser_of(author)


# contract: D2
@pytest.mark.parametrize("path", ["/suspend_user", "/unsuspend_user"])
@pytest.mark.parametrize("name", ["", "a\x00b", "x" * 200])
def test_suspending_an_unknown_user_is_no_failure_of_ours(
    minitwit: Callers, path: str, name: str
) -> None:
    browser = minitwit.somebodys_browser
    for username in (name, new_name()):
        answer = browser.post(path, data={"username": username})
        assert answer.status_code in (403, 404)
