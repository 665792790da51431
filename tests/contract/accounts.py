"""The page of an account: its sessions and password."""

from typing import Any

import httpx
import pytest

from tests.contract.callers import PASSWORD, Callers
from tests.contract.page import Page, flash_of
from tests.contract.web import decoded

NEW = "entirely different"
CHANGE = {"password": PASSWORD, "new_password": NEW, "new_password2": NEW}
PIXEL = "Mozilla/5.0 (Android 16; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0"
MACBOOK = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/26.1 Safari/605.1.15"
)


def signed_in(minitwit: Callers, name: str, user_agent: str) -> httpx.Client:
    """Return a browser of a kind in which a user is signed in."""
    browser = minitwit.browser()
    browser.headers["User-Agent"] = user_agent
    form = {"username": name, "password": PASSWORD}
    assert "You were logged in" in browser.post("/login", data=form).text
    return browser


def is_signed_in(minitwit: Callers, cookies: httpx.Cookies) -> bool:
    """Say whether a copied cookie is good for pages and for forms, or for neither."""
    browser = minitwit.browser()
    browser.follow_redirects = False
    good = []
    for method, path in (("GET", "/"), ("POST", "/add_message"), ("GET", "/account")):
        browser.cookies = httpx.Cookies(cookies)
        answer = browser.request(method, path, data={"text": "x"})
        target = answer.headers.get("Location", "")
        good.append(target != "/public" and not target.startswith("/login"))
    assert len(set(good)) == 1
    return good[0]


def marked(page: Page) -> list[tuple[str | None, str | None]]:
    """Return id and description of the fields that a page marks as refused."""
    inputs = [i for i in page.inputs if i.get("aria-invalid") == "true"]
    return [(i.get("id"), i.get("aria-describedby")) for i in inputs]


# contract: U1
def test_account_page_lists_the_sessions_and_says_which_one_is_this(
    minitwit: Callers,
) -> None:
    ada = minitwit.user()
    signed_in(minitwit, ada, MACBOOK)
    phone = signed_in(minitwit, ada, PIXEL)
    page = Page(phone.get("/account"))
    words = " ".join(page.text.split())
    here, there = words.index("Firefox on Android"), words.index("Safari on macOS")
    assert here < words.index("This browser") < there
    assert words.count("Signed in") == words.count("last used") == 2
    assert {"/account/password", "/account/sign_out_everywhere"} <= set(page.actions)


# contract: U1
def test_hostile_user_agent_is_only_text(minitwit: Callers) -> None:
    browser = signed_in(minitwit, minitwit.user(), "<b>x</b>/1 \"'&")
    assert "<b>x" not in browser.get("/account").text


# contract: U1
@pytest.mark.parametrize("path", ["/account/password", "/account/sign_out_everywhere"])
def test_account_forms_and_page_lead_to_signing_in_first(
    minitwit: Callers, path: str
) -> None:
    for answer in (
        minitwit.anybody.get("/account"),
        minitwit.anybody.post(path, data={"password": PASSWORD}),
    ):
        assert answer.status_code == 303
        assert answer.headers["Location"] == "/login?next=%2Faccount"


# contract: U2
def test_new_password_ends_all_sessions_and_this_browser_goes_on(
    minitwit: Callers,
) -> None:
    ada = minitwit.user()
    browser, other = minitwit.browser_of(ada), minitwit.browser_of(ada)
    copies = [httpx.Cookies(each.cookies) for each in (browser, other)]
    assert all(is_signed_in(minitwit, copy) for copy in copies)
    answer = browser.post("/account/password", data=CHANGE)
    assert answer.url.path == "/account"
    assert "all other browsers were signed out" in flash_of(answer)
    assert not any(is_signed_in(minitwit, copy) for copy in copies)
    assert is_signed_in(minitwit, browser.cookies)
    for password, flash in (
        (PASSWORD, "Invalid password"),
        (NEW, "You were logged in"),
    ):
        form = {"username": ada, "password": password}
        assert flash_of(minitwit.browser().post("/login", data=form)) == flash


# contract: U3
def test_signing_out_everywhere_ends_all_sessions(minitwit: Callers) -> None:
    ada = minitwit.user()
    browser, other = minitwit.browser_of(ada), minitwit.browser_of(ada)
    copies = [httpx.Cookies(each.cookies) for each in (browser, other)]
    form = {"password": PASSWORD}
    answer = browser.post("/account/sign_out_everywhere", data=form)
    assert answer.url.path == "/login"
    assert flash_of(answer) == "You were logged out everywhere"
    assert not any(is_signed_in(minitwit, copy) for copy in copies)
    assert not is_signed_in(minitwit, browser.cookies)
    minitwit.browser_of(ada)


# contract: U4
@pytest.mark.parametrize(
    ("changed", "message", "field"),
    [
        ({"password": "wrong"}, "Invalid password", "password"),
        ({"password": ""}, "Invalid password", "password"),
        ({"new_password": ""}, "You have to enter a new password", "new_password"),
        (
            {"new_password2": "other"},
            "The two new passwords do not match",
            "new_password",
        ),
    ],
)
def test_refused_change_of_password_says_why_and_keeps_no_password(
    minitwit: Callers, changed: dict[str, Any], message: str, field: str
) -> None:
    ada = minitwit.user()
    browser = minitwit.browser_of(ada)
    form = CHANGE | changed
    first = browser.post("/account/password", data=form, follow_redirects=False)
    assert first.headers["Location"] == "/account"
    kept = decoded(first.cookies["flash"])
    assert not any(value in kept for value in (NEW, PASSWORD, "wrong", "other"))
    answer = browser.get("/account")
    assert flash_of(answer) == message
    page = Page(answer)
    assert marked(page) == [(field, "flash")]
    assert not any(i.get("value") for i in page.inputs)
    assert minitwit.browser_of(ada)


# contract: U4
def test_refused_form_of_several_on_a_page_is_the_one_that_is_marked(
    minitwit: Callers,
) -> None:
    browser = minitwit.browser_of(minitwit.somebody)
    answer = browser.post("/account/sign_out_everywhere", data={"password": "wrong"})
    assert flash_of(answer) == "Invalid password"
    assert marked(Page(answer)) == [("everywhere-password", "flash")]
    assert is_signed_in(minitwit, browser.cookies)


# contract: U5
@pytest.mark.parametrize("token", ["", "x", "%00", "x" * 2000, "\u00e6\u20ac"])
def test_link_with_any_other_token_changes_nothing_and_says_so(
    minitwit: Callers, token: str
) -> None:
    browser = minitwit.browser()
    page = browser.get("/reset_password", params={"token": token})
    assert page.status_code == 404
    assert "This link has expired, or it was used already" in page.text
    form = {"token": token, "password": NEW, "password2": NEW}
    answer = browser.post("/reset_password", data=form)
    assert answer.url.path == "/reset_password"
    assert "expired or was used already" in flash_of(answer)
