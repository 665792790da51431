"""Passwords that browsers send: throttled, counted, and in the security log."""

import time
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client import REGISTRY

from minitwit.accounts.sign_in_throttle import CAPACITY, REFILL_SECONDS
from tests.contract.callers import PASSWORD, Callers, new_name
from tests.fakes.store import Memory, fake_store
from tests.in_process import callers_of


@pytest.fixture
def memory() -> Memory:
    """Return what the store remembers."""
    return Memory()


@pytest.fixture
def minitwit(memory: Memory) -> Iterator[Callers]:
    """Yield callers of a MiniTwit in this process."""
    callers = callers_of(fake_store(memory))
    yield callers
    callers.close()


def sign_in(browser: httpx.Client, name: str, password: str) -> httpx.Response:
    """Send the form to sign in."""
    return browser.post("/login", data={"username": name, "password": password})


def guess(browser: httpx.Client, name: str) -> None:
    """Use up the wrong passwords that a name has."""
    form = {"username": name, "password": "wrong"}
    for _ in range(CAPACITY):
        answer = browser.post("/login", data=form, follow_redirects=False)
        assert answer.headers["Location"] == "/login"


# contract: T2
@pytest.mark.parametrize("is_registered", [True, False])
def test_wrong_passwords_for_one_name_are_429_with_a_page(
    minitwit: Callers, is_registered: bool
) -> None:
    name = minitwit.user() if is_registered else new_name()
    guess(minitwit.browser(), name)
    answer = sign_in(minitwit.browser(), name, PASSWORD)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "wait half a minute, then try again" in answer.text
    assert name not in answer.text


# contract: T2
def test_the_right_password_signs_in_after_retry_after(
    minitwit: Callers, memory: Memory
) -> None:
    ada = minitwit.user()
    guess(minitwit.browser(), ada)
    [(bucket, full_at)] = memory.full_at.items()
    memory.full_at[bucket] = full_at - REFILL_SECONDS
    assert minitwit.browser_of(ada)


# contract: T2
@pytest.mark.parametrize("path", ["password", "sign_out_everywhere", "delete"])
def test_every_form_that_asks_for_the_password_is_throttled(
    minitwit: Callers, path: str
) -> None:
    browser = minitwit.browser_of(minitwit.user())
    form = {
        "password": "wrong",
        "new_password": "a better one",
        "new_password2": "a better one",
    }
    answers = [
        browser.post(f"/account/{path}", data=form, follow_redirects=False)
        for _ in range(CAPACITY + 1)
    ]
    statuses = [answer.status_code for answer in answers]
    assert statuses == [303] * CAPACITY + [429]


# contract: T3
def test_a_browser_that_has_signed_out_still_gets_in(minitwit: Callers) -> None:
    ada = minitwit.user()
    browser = minitwit.browser_of(ada)
    browser.post("/logout")
    guess(minitwit.browser(), ada)
    assert "You were logged in" in sign_in(browser, ada, PASSWORD).text


# contract: T3
def test_a_known_browser_is_bounded_and_a_forged_one_unknown(
    minitwit: Callers,
) -> None:
    ada = minitwit.user()
    browser = minitwit.browser_of(ada)
    guess(browser, ada)
    assert sign_in(browser, ada, PASSWORD).status_code == 429
    assert minitwit.browser_of(ada)
    guess(minitwit.browser(), ada)
    forged = minitwit.browser()
    forged.cookies.set("browser", browser.cookies["browser"] + "x")
    assert sign_in(forged, ada, PASSWORD).status_code == 429


def test_the_cookie_of_a_known_browser_is_hidden_and_holds_no_name(
    minitwit: Callers,
) -> None:
    ada = minitwit.user("Ada")
    form = {"username": ada, "password": PASSWORD}
    answer = minitwit.anybody.post("/login", data=form)
    [cookie] = [
        text
        for text in answer.headers.get_list("Set-Cookie")
        if text.startswith("browser=")
    ]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert f"Max-Age={400 * 24 * 60 * 60}" in cookie
    assert "Ada" not in cookie


def test_passwords_are_counted_by_their_result(minitwit: Callers) -> None:
    before = {result: counted(result) for result in RESULTS}
    ada = minitwit.user()
    guess(minitwit.browser(), ada)
    sign_in(minitwit.browser(), ada, PASSWORD)
    sign_in(minitwit.browser(), new_name(), PASSWORD)
    minitwit.browser_of(minitwit.user())
    added = {result: counted(result) - before[result] for result in RESULTS}
    assert added == {
        "ok": 1,
        "wrong password": CAPACITY,
        "unknown name": 1,
        "throttled": 1,
    }


RESULTS = ("ok", "wrong password", "unknown name", "throttled")


def counted(result: str) -> float:
    """Return the counter of a result."""
    labels = {"result": result}
    return REGISTRY.get_sample_value("minitwit_sign_ins_total", labels) or 0.0


@pytest.mark.parametrize("path", ["/login/throttled", "/register/throttled"])
def test_what_the_edge_answers_speaks_the_language_of_the_refused_request(
    minitwit: Callers, path: str
) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = {"Content-Type": "application/json", "Accept": "*/*"}
    page = minitwit.anybody.get(path, headers=form)
    assert page.headers["Content-Type"].startswith("text/html")
    assert minitwit.browser().get(path).text == page.text
    answer = minitwit.anybody.get(path, headers=body)
    assert answer.json()["status"] == answer.status_code == page.status_code == 429
    assert answer.headers["Retry-After"] == page.headers["Retry-After"] == "30"


def test_a_browser_is_known_for_400_days(
    minitwit: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = minitwit.user()
    browser = minitwit.browser_of(ada)
    guess(minitwit.browser(), ada)
    now = time.time() + 401 * 24 * 60 * 60
    monkeypatch.setattr("minitwit.web.signed_cookies.time.time", lambda: now)
    guess(minitwit.browser(), ada)
    assert sign_in(browser, ada, PASSWORD).status_code == 429
