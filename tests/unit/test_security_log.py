"""The security log: who did what, and from where."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from minitwit.accounts.sign_in_throttle import CAPACITY
from minitwit.telemetry.logs import JsonFormatter
from tests.contract.callers import PASSWORD, Callers
from tests.fakes.store import fake_store
from tests.in_process import callers_of


class Trail(logging.Handler):
    """Keeps the lines of the security log."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter("register", "1"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(self.format(record))

    def events(self) -> list[dict[str, Any]]:
        """Return the entries."""
        return [json.loads(line) for line in self.lines]


@pytest.fixture
def trail() -> Iterator[Trail]:
    """Yield what is written during the test."""
    handler = Trail()
    logger = logging.getLogger("minitwit.security")
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.fixture
def minitwit() -> Iterator[Callers]:
    """Yield callers of a MiniTwit in this process."""
    callers = callers_of(fake_store())
    yield callers
    callers.close()


def test_sign_in_and_out_are_logged_with_account_and_client(
    minitwit: Callers, trail: Trail
) -> None:
    ada = minitwit.user("Ada")
    browser = minitwit.browser()
    headers = {"User-Agent": "Test/1.0", "X-Real-Ip": "203.0.113.7"}
    form = {"username": ada, "password": PASSWORD}
    browser.post("/login", data=form, headers=headers)
    browser.post("/logout", headers=headers)
    assert [event["event"] for event in trail.events()] == ["signed in", "signed out"]
    for event in trail.events():
        assert event["username"] == ada
        assert event["user_id"] > 0
        assert event["client_address"] == "203.0.113.7"
        assert event["user_agent"] == "Test/1.0"
        assert event["time"]


def test_a_refused_sign_in_names_the_account_but_never_what_was_typed(
    minitwit: Callers, trail: Trail
) -> None:
    ada, browser = minitwit.user("Ada"), minitwit.browser()
    for name in (ada, "my secret password"):
        form = {"username": name, "password": "hunter2"}
        browser.post("/login", data=form)
    refused, unknown = trail.events()
    assert refused["event"] == unknown["event"] == "sign-in refused"
    assert (refused["username"], "username" in unknown) == (ada, False)
    assert refused["user_id"] > 0
    for line in trail.lines:
        assert "hunter2" not in line
        assert "my secret" not in line


def test_a_throttled_sign_in_is_logged_as_such(minitwit: Callers, trail: Trail) -> None:
    ada, browser = minitwit.user("Ada"), minitwit.browser()
    for _ in range(CAPACITY + 1):
        browser.post("/login", data={"username": ada, "password": "wrong"})
    assert trail.events()[-1]["event"] == "sign-in throttled"
    assert trail.events()[-1]["username"] == ada


def test_what_an_account_does_to_its_password_and_sessions_is_logged(
    minitwit: Callers, trail: Trail
) -> None:
    ada = minitwit.user("Ada")
    browser = minitwit.browser_of(ada)
    new = {"new_password": "another one", "new_password2": "another one"}
    browser.post("/account/password", data=new | {"password": "a wrong one"})
    browser.post("/account/password", data=new | {"password": PASSWORD})
    form = {"password": "another one"}
    browser.post("/account/sign_out_everywhere", data=form)
    assert [event["event"] for event in trail.events()] == [
        "signed in",
        "password refused",
        "password changed",
        "signed in",
        "signed out everywhere",
        "signed out",
    ]
    assert {event["username"] for event in trail.events()} == {ada}
    assert not [line for line in trail.lines if " one" in line]


def test_no_line_holds_the_password_or_a_cookie(
    minitwit: Callers, trail: Trail
) -> None:
    browser = minitwit.browser_of(minitwit.user())
    cookies = [str(cookie.value) for cookie in browser.cookies.jar]
    assert cookies
    browser.post("/logout")
    assert len(trail.lines) == 2
    for line in trail.lines:
        assert PASSWORD not in line
        assert not [value for value in cookies if value in line]


def test_text_of_a_client_cannot_begin_a_line(minitwit: Callers, trail: Trail) -> None:
    browser = minitwit.browser()
    form = {"username": minitwit.user(), "password": PASSWORD}
    agent = 'x", "event": "deleted'
    browser.post("/login", data=form, headers={"User-Agent": agent * 100})
    [event] = trail.events()
    assert event["event"] == "signed in"
    assert event["user_agent"] == (agent * 100)[:400]


def test_a_refused_access_is_logged_with_route_and_reason(
    minitwit: Callers, trail: Trail
) -> None:
    ada = minitwit.user("Ada")
    browser = minitwit.browser_of(ada)
    other_site = {"Sec-Fetch-Site": "cross-site"}
    browser.post("/hide_message", data={"id": "1"})
    browser.post("/add_message", data={"text": "hunter2"}, headers=other_site)
    minitwit.anybody.get("/msgs", headers={"Authorization": "Basic aHVudGVyMg=="})
    refused = [e for e in trail.events() if e["event"] == "access refused"]
    assert [(e["reason"], e["route"], e.get("username")) for e in refused] == [
        ("NotModerator", "POST /hide_message", ada),
        ("CrossSite", "POST /add_message", ada),
        ("NotAuthorized", "GET /msgs", None),
    ]
    assert not [e for e in trail.lines if "hunter2" in e or "aHVudGVyMg" in e]
