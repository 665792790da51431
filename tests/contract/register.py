"""Registration in the API."""

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


# contract: S5
def test_registration_is_204_with_an_empty_body(minitwit: Callers) -> None:
    answer = minitwit.simulator.post("/register", json=account())
    assert (answer.status_code, answer.content) == (204, b"")


def test_registered_user_can_sign_in(minitwit: Callers) -> None:
    name = minitwit.user()
    browser = minitwit.browser_of(name)
    assert browser.get("/", follow_redirects=False).status_code == 200


# contract: R1
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


# contract: R1
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


# contract: R2
def test_email_without_at_sign_is_400(minitwit: Callers) -> None:
    answer = minitwit.simulator.post("/register", json=account(email="a.b.c"))
    assert_error(answer, 400, NO_EMAIL)


# contract: R3
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


# contract: R4
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


# contract: R4
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


# contract: S6
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


# A name is visible and has one spelling; the run's own part stands in one or the other
# script, so a row says where it goes. The comment is what the row is about.
REFUSED_NAMES = [
    "\u200b",  # zero-width space alone
    "\u3164",  # Hangul filler
    "\u115f{}",
    "\u1160",
    "\uffa0",
    "\u2800",  # Braille blank
    "\U00016fe4{}",  # Khitan filler
    "{}\u200b",
    "{}\u2060",
    "{}\ufeff",
    "{}\u00ad",
    "{}\u034f",
    "{}\u180e",
    "{}\u17b5",
    "{}\ufe0f",
    "{}\U000e0041",  # a tag
    "{}\u202e",  # right-to-left override
    "{}\u2066",
    "{}\u200f",
    "{}\u061c",
    "{}\ue000",  # private use
    "{}\U000e1000",  # unassigned
    " {}",
    "{} ",
    "a  b {}",
    "a\u00a0b {}",
    "a\u3000b {}",
    "a\u2003b {}",
    "a\u2028b {}",
    "Zoe\u0308 {}",  # not NFC
    "\u212bsa {}",
    "аlice {}",  # Cyrillic a
    "Αlice {}",  # Greek Alpha
    "alіce {}",  # Ukrainian i
    "Ꭺlice {}",  # Cherokee
    "ꓮlice {}",  # Lisu
    "աlice {}",  # Armenian
    "{} ٤",  # Arabic digit
    "سلام ۴٤",  # digits of two kinds
    "ａlice {}",  # full-width
    "𝐚lice {}",
    "ﬁsh {}",
    "{}\u0301\u0301",
    "{}a\u0316\u0317\u0318\u0319\u031c",
    "\u0301{}",
    "a\u200db {}",
    "a\u200cb {}",
    "👩\u200d👩 {}",
]


# contract: R5
@pytest.mark.parametrize("name", REFUSED_NAMES, ids=ascii)
def test_name_that_is_not_visible_or_has_another_spelling_is_400(
    minitwit: Callers, name: str
) -> None:
    body = account(username=name.format(new_name()))
    answer = minitwit.simulator.post("/register", json=body)
    assert_error(answer, 400, "username")


# contract: R5
@pytest.mark.parametrize(
    "name",
    [
        "Zoë",
        "O'Brien-Smith",
        "Ngọc",
        "प्रिया शर्मा",
        "क्\u200dष",
        "می\u200cخواهم",
        "ශ්\u200dරී",
        "น้ำฝน",
        "さくら 佐藤",
        "Tanaka 佐藤 ラーメン",
        "ㄅㄆ 漢",
        "김 민준",
        "Ελένη",
        "Анна Ёлкина",
        "שרה כהן",
        "ليلى",
        "𠮷",
        "አማርኛ",
        "ქართული",
        "བོད",
        "🐘 🇩🇰",
    ],
    ids=ascii,
)
def test_name_in_any_script_is_taken(minitwit: Callers, name: str) -> None:
    answer = minitwit.simulator.post("/register", json=account(username=name))
    # A second run meets the names of the first.
    assert answer.status_code == 204 or "already taken" in answer.text


AT_THE_ROOT = [
    "robots.txt",
    "ROBOTS.TXT",
    "favicon.ico",
    ".well-known",
    ".git",
    "sitemap.xml",
    "sitemap_index.xml",
    "humans.txt",
    "security.txt",
    "ads.txt",
    "app-ads.txt",
    "llms.txt",
    "manifest.json",
    "site.webmanifest",
    "browserconfig.xml",
    "crossdomain.xml",
    "service-worker.js",
    "sw.js",
    "apple-touch-icon.png",
    "apple-touch-icon-120x120-precomposed.png",
    "apple-app-site-association",
    "google1234567890abcdef.html",
    "BingSiteAuth.xml",
    "index.php",
    "Public",
    "LOGIN",
]


# contract: R6
@pytest.mark.parametrize("name", AT_THE_ROOT)
def test_name_with_a_meaning_at_the_root_of_a_site_is_reserved(
    minitwit: Callers, name: str
) -> None:
    answer = minitwit.simulator.post("/register", json=account(username=name))
    assert_error(answer, 400, "reserved")


# contract: R2
@pytest.mark.parametrize(
    "email",
    [
        "a@b.c\r\nBcc: x@y.z",
        "a@b.c\n",
        "a@b\t.c",
        "a@b\x7f.c",
        "a@b\x85.c",
        "a@b\u2028.c",
        "a@b\u200b.c",
        "a\u202e@b.c",
    ],
    ids=ascii,
)
def test_email_with_a_character_that_is_not_visible_is_400(
    minitwit: Callers, email: str
) -> None:
    answer = minitwit.simulator.post("/register", json=account(email=email))
    assert_error(answer, 400, NO_EMAIL)


def test_names_differ_by_case(minitwit: Callers) -> None:
    name = minitwit.user("Ada")
    minitwit.register(name.lower())
    minitwit.post(name, "from Ada")
    assert minitwit.contents(name.lower()) == []


@pytest.mark.parametrize("is_form", [False, True])
def test_unknown_fields_are_ignored(minitwit: Callers, is_form: bool) -> None:
    """Those of the table of users do not set its columns (mass assignment)."""
    name, other_id = new_name(), 2**40
    columns = {"id": other_id, "user_id": other_id, "is_moderator": True}
    body = account(username=name, **columns, created_at=0, latest=5, admin=True)
    body |= {"password": PASSWORD, "password2": PASSWORD}
    post = minitwit.anybody.post
    answer = post("/register", data=body) if is_form else post("/register", json=body)
    assert answer.status_code == (303 if is_form else 204)
    made = minitwit.browser_of(name).get("/account/export").json()["account"]
    assert made["is_moderator"] is False
    assert made["id"] != other_id
