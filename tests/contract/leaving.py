"""Export and deletion of an account."""

import httpx
import pytest

from tests.contract.callers import PASSWORD, Callers, assert_error
from tests.contract.page import Page, flash_of

FORM = {"password": PASSWORD}


def delete(browser: httpx.Client) -> None:
    """Delete the account that is signed in."""
    answer = browser.post("/account/delete", data=FORM)
    assert answer.url.path == "/public"
    assert flash_of(answer) == "Your account was deleted"


# contract: U6
def test_deleted_account_is_gone_for_everyone(minitwit: Callers) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    minitwit.post(ada, f"{ada} was here")
    minitwit.post(bob, f"{bob} stays")
    minitwit.follow(ada, bob)
    minitwit.follow(bob, ada)
    browser, other = minitwit.browser_of(ada), minitwit.browser_of(ada)
    delete(browser)
    for path in (f"/{ada}", f"/{ada}/feed", f"/{ada}/followers", f"/{ada}/following"):
        assert minitwit.anybody.get(path).status_code == 404
    simulator = minitwit.simulator
    for answer in (
        simulator.get(f"/msgs/{ada}"),
        simulator.get(f"/fllws/{ada}"),
        simulator.post(f"/msgs/{ada}", json={"content": "still here"}),
        simulator.post(f"/fllws/{ada}", json={"follow": bob}),
        simulator.post(f"/fllws/{bob}", json={"follow": ada}),
    ):
        assert_error(answer, 404)
    assert f"{ada} was here" not in simulator.get("/msgs").text
    assert (minitwit.follows(bob), minitwit.contents(bob)) == ([], [f"{bob} stays"])
    assert ada not in minitwit.anybody.get(f"/{bob}/followers").text
    for former in (browser, other):
        assert former.get("/", follow_redirects=False).headers["Location"] == "/public"
    form = {"username": ada, "password": PASSWORD}
    answer = minitwit.browser().post("/login", data=form)
    assert flash_of(answer) == "Invalid username"


# contract: U4
@pytest.mark.parametrize("password", ["", "wrong"])
def test_account_is_deleted_by_its_password_only(
    minitwit: Callers, password: str
) -> None:
    browser = minitwit.somebodys_browser
    answer = browser.post("/account/delete", data={"password": password})
    assert answer.url.path == "/account"
    assert flash_of(answer) == "Invalid password"
    marked = [i for i in Page(answer).inputs if i.get("aria-invalid") == "true"]
    assert [i["id"] for i in marked] == ["deletion-password"]
    assert minitwit.messages(minitwit.somebody) is not None
    assert browser.get("/", follow_redirects=False).status_code == 200


# contract: U7
def test_name_of_a_deleted_account_cannot_be_registered(minitwit: Callers) -> None:
    ada = minitwit.user()
    delete(minitwit.browser_of(ada))
    taken = "The username is already taken"
    body = {"username": ada, "email": "a@b.c"}
    answer = minitwit.simulator.post("/register", json=body | {"pwd": PASSWORD})
    assert_error(answer, 400, taken)
    form = body | {"password": PASSWORD, "password2": PASSWORD}
    assert flash_of(minitwit.browser().post("/register", data=form)) == taken


# contract: U8
def test_export_has_everything_about_the_account(minitwit: Callers) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    for content in ("first", 'a "quoted"\nline', "\u00e6\u20ac\U0001f426"):
        minitwit.post(ada, content)
    minitwit.follow(ada, bob)
    minitwit.follow(bob, ada)
    answer = minitwit.browser_of(ada).get("/account/export")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    found = answer.json()
    assert (found["account"]["username"], found["account"]["email"]) == (ada, "a@b.c")
    assert found["account"]["is_moderator"] is False
    assert len(found["sessions"]) == 1
    assert (found["follows"], found["followers"]) == ([bob], [bob])
    contents = [message["content"] for message in found["messages"]]
    assert contents == minitwit.contents(ada)
    assert (found["hidden_messages"], found["reports"], found["next"]) == ([], [], None)


# contract: U8
@pytest.mark.parametrize(
    "place", ["", "x", "messages.1", "messages.9.9", "%00", "a.b.c"]
)
def test_export_from_any_place_is_a_document(minitwit: Callers, place: str) -> None:
    path = f"/account/export?from={place}"
    answer = minitwit.somebodys_browser.get(path)
    assert answer.json()["account"]["username"] == minitwit.somebody


# contract: U6, U8
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/account/export"), ("POST", "/account/delete")]
)
def test_leaving_leads_to_signing_in_first(
    minitwit: Callers, method: str, path: str
) -> None:
    answer = minitwit.anybody.request(method, path, data=FORM)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/login?next=%2Faccount"
