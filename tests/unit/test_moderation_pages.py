"""What moderators see and do: the queue of reports, and suspended accounts."""

import httpx
import pytest

from minitwit.moderation.reports import PAGE_SIZE
from minitwit.store import Store
from tests.contract.callers import PASSWORD, Callers, assert_error
from tests.contract.page import Page, flash_of
from tests.fakes.store import fake_store
from tests.in_process import callers_of

FORM = {"username": "ada", "password": PASSWORD}


@pytest.fixture
def store() -> Store:
    """Return the store of the MiniTwit."""
    return fake_store()


@pytest.fixture
def minitwit(store: Store) -> Callers:
    """Return callers of a MiniTwit with Ada, Bob and a moderator."""
    callers = callers_of(store)
    for name in ("ada", "bob", "mod"):
        callers.register(name)
    store.moderation.set_moderator("mod", True)
    return callers


@pytest.fixture
def mod(minitwit: Callers) -> httpx.Client:
    """Return the browser of the moderator."""
    return minitwit.browser_of("mod")


def words(answer: httpx.Response) -> str:
    """Return what a page says, with single spaces."""
    return " ".join(Page(answer).text.split())


# contract: D3
def test_a_report_stands_in_the_queue_until_it_is_dismissed(
    minitwit: Callers, mod: httpx.Client
) -> None:
    minitwit.post("ada", "rude")
    assert "No message is reported." in words(mod.get("/reports"))
    for reporter in ("bob", "mod"):
        browser = minitwit.browser_of(reporter)
        browser.post("/report_message", data={"id": "1"})
    answer = mod.get("/reports")
    assert "Reported by 2 readers" in words(answer)
    assert "rude" in words(answer)
    assert {"/hide_message", "/dismiss_reports", "/suspend_user"} <= set(
        Page(answer).actions
    )
    assert "Reports 1 reported" in words(mod.get("/public"))
    answer = mod.post("/dismiss_reports", data={"id": "1"})
    assert answer.url.path == "/reports"
    assert flash_of(answer) == "The reports are dismissed"
    assert "No message is reported." in words(answer)
    assert minitwit.contents("ada") == ["rude"]


# contract: D3
def test_hiding_a_message_takes_it_out_of_the_queue(
    minitwit: Callers, mod: httpx.Client
) -> None:
    minitwit.post("ada", "rude")
    minitwit.browser_of("bob").post("/report_message", data={"id": "1"})
    referer = {"Referer": f"{minitwit.url}/reports"}
    answer = mod.post("/hide_message", data={"id": "1"}, headers=referer)
    assert answer.url.path == "/reports"
    assert "No message is reported." in words(answer)


# contract: D3
def test_the_queue_has_pages(store: Store, minitwit: Callers) -> None:
    bob = store.users.find("bob")
    for number in range(PAGE_SIZE + 1):
        minitwit.post("ada", f"message {number}.")
        store.reports.add(bob.id, number + 1)
    mod = minitwit.browser_of("mod")
    page = Page(mod.get("/reports"))
    assert "message 1." in page.text
    assert "message 0." not in page.text
    [older] = [link for link in page.links if "before=" in link]
    assert "message 0." in Page(mod.get(older)).text


# contract: D4
def test_a_suspended_account_can_neither_sign_in_nor_post(
    minitwit: Callers, mod: httpx.Client
) -> None:
    minitwit.post("ada", "spam")
    minitwit.follow("bob", "ada")
    ada = minitwit.browser_of("ada")
    answer = mod.post("/suspend_user", data={"username": "ada"})
    assert answer.url.path == "/ada"
    assert "is suspended" in flash_of(answer)
    assert "/unsuspend_user" in Page(answer).actions
    # The session has ended, and there is no other way in.
    assert ada.post("/add_message", data={"text": "more"}).url.path == "/login"
    answer = minitwit.browser().post("/login", data=FORM)
    assert answer.url.path == "/login"
    assert flash_of(answer).startswith("The account is suspended")
    refused = minitwit.simulator.post("/msgs/ada", json={"content": "more"})
    assert_error(refused, 403, "The account is suspended")
    # Its messages are nowhere but on its own page, for moderators.
    assert minitwit.contents("ada") == []
    paths = ("/", "/public", "/ada", "/ada/feed", "/public/feed")
    bob = minitwit.browser_of("bob")
    assert not [path for path in paths if "spam" in bob.get(path).text]
    assert "This account is suspended." in words(bob.get("/ada"))
    assert "not written anything" not in words(bob.get("/ada"))
    assert "spam" not in words(mod.get("/public"))
    assert "spam" in words(mod.get("/ada"))

    answer = mod.post("/unsuspend_user", data={"username": "ada"})
    assert "is not suspended any more" in flash_of(answer)
    assert minitwit.contents("ada") == ["spam"]
    minitwit.browser_of("ada")
    minitwit.post("ada", "hello again")


# contract: D4
def test_a_message_form_in_the_moment_of_the_suspension_keeps_its_text(
    store: Store, minitwit: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = minitwit.browser_of("ada")
    add = store.messages.add

    def add_after_suspension(*arguments: object, **named: object) -> None:
        store.suspensions.suspend("ada")
        add(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(store.messages, "add", add_after_suspension)
    form = {"text": "too late"}
    answer = browser.post("/add_message", data=form, follow_redirects=False)
    assert answer.status_code == 303
    assert "suspended" in flash_of(browser.get("/public"))


# contract: D4
@pytest.mark.parametrize("name", ["mod", "another"])
def test_a_moderator_suspends_no_moderator(
    store: Store, minitwit: Callers, mod: httpx.Client, name: str
) -> None:
    minitwit.register("another")
    store.moderation.set_moderator("another", True)
    answer = mod.post("/suspend_user", data={"username": name})
    assert answer.status_code == 403
    assert "an operator has to revoke the right first" in Page(answer).text
    assert mod.post("/suspend_user", data={"username": "nobody"}).status_code == 404


# contract: D4
def test_a_message_of_a_suspended_author_is_not_restored_by_itself(
    minitwit: Callers, mod: httpx.Client
) -> None:
    minitwit.post("ada", "spam")
    mod.post("/suspend_user", data={"username": "ada"})
    answer = mod.post("/restore_message", data={"id": "1"})
    assert answer.status_code == 403
    assert "lift the suspension first" in Page(answer).text
    assert minitwit.contents("ada") == []


def test_the_security_log_says_who_did_what_to_whom(
    minitwit: Callers, mod: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    minitwit.post("ada", "rude")
    bob = minitwit.browser_of("bob")
    caplog.clear()
    caplog.set_level("INFO", "minitwit.security")
    bob.post("/report_message", data={"id": "1"})
    for path in ("/dismiss_reports", "/hide_message", "/restore_message"):
        mod.post(path, data={"id": "1"})
    for path in ("/suspend_user", "/unsuspend_user"):
        mod.post(path, data={"username": "ada"})
    logged: list[dict[str, object]] = [
        vars(entry)["fields"] for entry in caplog.records
    ]
    assert [
        (
            entry["username"],
            entry["event"],
            entry.get("message_id"),
            entry.get("target"),
        )
        for entry in logged
    ] == [
        ("bob", "message reported", 1, None),
        ("mod", "report dismissed", 1, None),
        ("mod", "message hidden", 1, "ada"),
        ("mod", "message restored", 1, "ada"),
        ("mod", "suspended", None, "ada"),
        ("mod", "suspension lifted", None, "ada"),
    ]
