"""Section 3: registration by the simulator."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.contract.callers import PASSWORD, Callers, assert_error, new_name

NO_USERNAME = "You have to enter a username"
NO_EMAIL = "You have to enter a valid email address"
NO_PASSWORD = "You have to enter a password"


def account(**changed: Any) -> dict[str, Any]:
    """Return a good registration, but for what is changed."""
    return {"username": new_name(), "email": "a@b.c", "pwd": PASSWORD} | changed


def test_registration_is_204_with_an_empty_body(minitwit: Callers) -> None:
    answer = minitwit.simulator.post("/register", json=account())
    assert (answer.status_code, answer.content) == (204, b"")


def test_registered_user_can_sign_in(minitwit: Callers) -> None:
    name = minitwit.user()
    browser = minitwit.browser_of(name)
    assert browser.get("/", follow_redirects=False).status_code == 200


@pytest.mark.parametrize(
    ("field", "message"),
    [("username", NO_USERNAME), ("email", NO_EMAIL), ("pwd", NO_PASSWORD)],
)
def test_field_missing_is_400_with_its_sentence(
    minitwit: Callers, field: str, message: str
) -> None:
    body = account()
    del body[field]
    answer = minitwit.simulator.post("/register", json=body)
    assert_error(answer, 400)
    assert answer.json()["error_msg"] == message


@pytest.mark.parametrize("value", ["", None, 5, True, ["x"], {"a": "b"}])
@pytest.mark.parametrize(
    ("field", "message"),
    [("username", NO_USERNAME), ("email", NO_EMAIL), ("pwd", NO_PASSWORD)],
)
def test_field_empty_or_not_a_string_is_400_with_its_sentence(
    minitwit: Callers, field: str, value: Any, message: str
) -> None:
    answer = minitwit.simulator.post("/register", json=account(**{field: value}))
    assert_error(answer, 400)
    assert answer.json()["error_msg"] == message


def test_fields_are_checked_in_their_order(minitwit: Callers) -> None:
    assert_error(minitwit.simulator.post("/register", json={}), 400, NO_USERNAME)
    body = {"username": new_name()}
    assert_error(minitwit.simulator.post("/register", json=body), 400, NO_EMAIL)


def test_email_without_at_sign_is_400(minitwit: Callers) -> None:
    answer = minitwit.simulator.post("/register", json=account(email="a.b.c"))
    assert_error(answer, 400, NO_EMAIL)


def test_name_taken_is_400(minitwit: Callers) -> None:
    name = minitwit.user()
    answer = minitwit.simulator.post("/register", json=account(username=name))
    assert_error(answer, 400)
    assert answer.json()["error_msg"] == "The username is already taken"


def test_refused_registration_leaves_the_first_password_in_force(
    minitwit: Callers,
) -> None:
    name = minitwit.user()
    minitwit.simulator.post("/register", json=account(username=name, pwd="other"))
    assert minitwit.browser_of(name)


@pytest.mark.parametrize(
    "wrong",
    ["{}/slash", "/{}", "{}\x00", "{}\n", "{}\x1f", "{}\x7f", "{}\x85"],
    ids=["slash", "leading slash", "NUL", "newline", "US", "DEL", "NEL"],
)
def test_name_with_slash_or_control_characters_is_400(
    minitwit: Callers, wrong: str
) -> None:
    body = account(username=wrong.format(new_name()))
    answer = minitwit.simulator.post("/register", json=body)
    assert_error(answer, 400, "username must not contain")


def test_name_over_a_hundred_characters_is_400(minitwit: Callers) -> None:
    longest = new_name().ljust(100, "x")
    answer = minitwit.simulator.post("/register", json=account(username=longest + "x"))
    assert_error(answer, 400, "longer than 100")
    answer = minitwit.simulator.post("/register", json=account(username=longest))
    assert answer.status_code == 204


@pytest.mark.parametrize("field", ["username", "email", "pwd"])
def test_lone_surrogate_is_400(minitwit: Callers, field: str) -> None:
    body = {"username": new_name(), "email": "a@b.c", "pwd": PASSWORD}
    raw = "{" + ",".join(f'"{n}":"{v}"' for n, v in body.items()) + "}"
    raw = raw.replace(f'"{field}":"', f'"{field}":"\\ud800')
    assert_error(minitwit.simulator.post("/register", content=raw.encode()), 400)


def test_nul_in_the_email_is_400(minitwit: Callers) -> None:
    answer = minitwit.simulator.post("/register", json=account(email="a@b\x00.c"))
    assert_error(answer, 400, NO_EMAIL)


@pytest.mark.parametrize(
    "name",
    [
        "Roger Histand {}",
        "Zoë {}",
        "人 {}",
        "🐘 {}",
        "a+b {}",
        "a%2Fb {}",
        "?#& {}",
        "a\\b {}",
    ],
)
def test_name_may_hold_spaces_and_any_unicode(minitwit: Callers, name: str) -> None:
    name = name.format(new_name())
    minitwit.register(name)
    path = f"/msgs/{quote(name, safe='')}"
    assert minitwit.simulator.post(path, json={"content": "x"}).status_code == 204
    [message] = minitwit.simulator.get(path).json()
    assert message["user"] == name


def test_names_differ_by_case(minitwit: Callers) -> None:
    name = minitwit.user("Ada")
    minitwit.register(name.lower())
    minitwit.post(name, "from Ada")
    assert minitwit.contents(name.lower()) == []


def test_unknown_fields_are_ignored(minitwit: Callers) -> None:
    answer = minitwit.simulator.post("/register", json=account(latest=5, admin=True))
    assert answer.status_code == 204
