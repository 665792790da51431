"""Sessions of browsers over time: sliding expiry, and cookies of an earlier release."""

import hashlib
import time

import httpx
import pytest
from itsdangerous import URLSafeTimedSerializer

from minitwit.accounts.password_resets import digest
from minitwit.store import Store
from tests.contract.callers import PASSWORD, Callers
from tests.fakes.store import fake_store
from tests.in_process import SESSION_KEY, callers_of
from tests.store_rows import add_user, verified

HOUR = 60 * 60  # seconds
DAY = 24 * HOUR

NEW = "entirely different"


class Clock:
    """The time that every replica sees, in seconds."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of this test."""
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


@pytest.fixture
def store() -> Store:
    """Return the store of this test."""
    return fake_store()


@pytest.fixture
def minitwit(store: Store) -> Callers:
    """Return callers of functions on the store."""
    return callers_of(store, session_days=30)


def opened(minitwit: Callers, cookie: str) -> httpx.Response:
    """Return the account's own timeline as it is opened with a cookie."""
    return minitwit.anybody.get("/", headers={"Cookie": f"session={cookie}"})


def signed_in(minitwit: Callers) -> str:
    """Sign a new user up and in, and return the cookie."""
    cookie: str = minitwit.browser_of(minitwit.user()).cookies["session"]
    return cookie


# contract: B10
def test_a_page_an_hour_later_extends_the_session_and_says_when_it_was_used(
    minitwit: Callers, store: Store, clock: Clock
) -> None:
    start = clock.now
    cookie = signed_in(minitwit)
    clock.now = start + HOUR
    assert "session" not in opened(minitwit, cookie).cookies
    [session] = store.sessions.all_of(1, days=30)
    assert session.last_used_at == start
    clock.now = start + HOUR + 1
    fresh = opened(minitwit, cookie).cookies["session"]
    [used] = store.sessions.all_of(1, days=30)
    assert (used.id, used.last_used_at) == (session.id, clock.now)
    clock.now = start + 30 * DAY + HOUR
    assert opened(minitwit, cookie).status_code == 303
    assert opened(minitwit, fresh).status_code == 200


# contract: B10
def test_a_session_that_is_a_year_old_is_extended_no_more(
    minitwit: Callers, clock: Clock
) -> None:
    start, cookie = clock.now, signed_in(minitwit)
    for day in range(29, 365, 29):
        clock.now = start + day * DAY
        cookie = opened(minitwit, cookie).cookies["session"]
    clock.now = start + 366 * DAY
    page = opened(minitwit, cookie)
    assert (page.status_code, "session" in page.cookies) == (200, False)
    clock.now = start + 395 * DAY
    assert opened(minitwit, cookie).status_code == 303


def test_a_form_an_hour_later_extends_nothing(minitwit: Callers, clock: Clock) -> None:
    cookie = signed_in(minitwit)
    clock.now += 2 * HOUR
    answer = minitwit.anybody.post(
        "/add_message", data={"text": "x"}, headers={"Cookie": f"session={cookie}"}
    )
    assert "session" not in answer.cookies


def test_a_session_is_extended_on_the_account_page_as_well(
    minitwit: Callers, clock: Clock
) -> None:
    cookie = signed_in(minitwit)
    clock.now += 2 * HOUR
    page = minitwit.anybody.get("/account", headers={"Cookie": f"session={cookie}"})
    assert page.cookies["session"] != cookie
    assert "This browser" in page.text


def cookie_of_a_release_without_sessions(store: Store) -> str:
    """Return a cookie that names no session."""
    ada = add_user(store, "ada")
    serializer = URLSafeTimedSerializer(
        [SESSION_KEY],
        salt="session",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )
    return str(serializer.dumps([ada.id, ada.username]))


def test_a_cookie_that_names_no_session_gets_one_with_its_first_page(
    minitwit: Callers, store: Store, clock: Clock
) -> None:
    before = cookie_of_a_release_without_sessions(store)
    clock.now += 10 * DAY
    posted = minitwit.anybody.post(
        "/add_message", data={"text": "x"}, headers={"Cookie": f"session={before}"}
    )
    assert posted.headers["Location"] == "/"
    page = opened(minitwit, before)
    assert page.status_code == 200
    [session] = store.sessions.all_of(1, days=30)
    assert session.started_at == clock.now
    clock.now += 29 * DAY
    assert opened(minitwit, page.cookies["session"]).status_code == 200
    assert opened(minitwit, before).status_code == 303


def test_head_starts_no_session_for_a_cookie_that_names_none(
    minitwit: Callers, store: Store
) -> None:
    cookie = cookie_of_a_release_without_sessions(store)
    headers = {"Cookie": f"session={cookie}"}
    for path in ("/", "/account", "/public"):
        assert minitwit.anybody.head(path, headers=headers).status_code == 200
    assert store.sessions.all_of(1, days=30) == []


def test_a_cookie_that_names_no_session_ends_when_its_account_signs_out_anywhere(
    minitwit: Callers, store: Store, clock: Clock
) -> None:
    before = cookie_of_a_release_without_sessions(store)
    moved = opened(minitwit, before).cookies["session"]
    form = {"username": "ada", "password": "ada's password"}
    clock.now += 1
    elsewhere = minitwit.anybody.post("/login", data=form).cookies["session"]
    headers = {"Cookie": f"session={elsewhere}"}
    minitwit.anybody.post("/logout", headers=headers)
    assert opened(minitwit, before).status_code == 303
    assert opened(minitwit, elsewhere).status_code == 303
    # It has a session of its own by now.
    assert opened(minitwit, moved).status_code == 200


def test_a_cookie_that_names_no_session_ends_with_a_change_of_the_password(
    minitwit: Callers, store: Store, clock: Clock
) -> None:
    before = cookie_of_a_release_without_sessions(store)
    clock.now += 1
    old = verified(store, store.users.find("ada"))
    store.users.change_password(old, PASSWORD)
    assert opened(minitwit, before).status_code == 303


# contract: U5
def test_a_link_of_the_operator_sets_a_new_password(
    minitwit: Callers, store: Store
) -> None:
    name = minitwit.user()
    stolen = minitwit.browser_of(name).cookies["session"]
    store.password_resets.add(name, digest("token"))
    browser = minitwit.browser()
    assert name in browser.get("/reset_password?token=token").text
    form = {"token": "token", "password": NEW, "password2": "other"}
    refused = browser.post("/reset_password", data=form)
    assert "The two passwords do not match" in refused.text
    assert "token=token" in str(refused.url)
    form["password2"] = NEW
    answer = browser.post("/reset_password", data=form)
    assert answer.url.path == "/login"
    assert "Your password was changed" in answer.text
    assert f'value="{name}"' in answer.text
    assert opened(minitwit, stolen).status_code == 303
    assert store.users.sign_in(name, NEW).account.username == name
    assert "used already" in browser.get("/reset_password?token=token").text
