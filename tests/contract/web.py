"""Pages, forms and flash messages."""

import re
import zlib
from base64 import urlsafe_b64decode
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from tests.contract.callers import PASSWORD, Callers, new_name
from tests.contract.page import Page, flash_of

SIGNED_UP = "You were successfully registered and can login now"


def sign_up_form(**changed: Any) -> dict[str, Any]:
    """Return a good form, but for what is changed."""
    form = {
        "username": new_name(),
        "email": "typed@example.org",
        "password": PASSWORD,
        "password2": PASSWORD,
    }
    return form | changed


# contract: P3
def test_sign_up_form_has_its_five_inputs_first_and_in_order(minitwit: Callers) -> None:
    inputs = Page(minitwit.browser().get("/register")).inputs[:5]
    names = [input_.get("name") for input_ in inputs[:4]]
    assert names == ["username", "email", "password", "password2"]
    assert inputs[4]["type"] == "submit"
    assert "actions" in (inputs[4]["in"] or "").split()
    assert [inputs[2]["type"], inputs[3]["type"]] == ["password", "password"]


# contract: P3
def test_sign_in_form_has_username_and_password(minitwit: Callers) -> None:
    inputs = Page(minitwit.browser().get("/login")).inputs
    assert [i.get("name") for i in inputs[:2]] == ["username", "password"]
    assert inputs[1]["type"] == "password"


# contract: P3
def test_message_form_is_on_ones_own_page_and_posts_to_add_message(
    minitwit: Callers,
) -> None:
    answer = minitwit.somebodys_browser.get("/")
    assert "/add_message" in Page(answer).actions
    assert re.search(r'<(textarea|input)[^>]*name="text"', answer.text)


# contract: P1
def test_signing_up_leads_to_login_with_a_flash(minitwit: Callers) -> None:
    answer = minitwit.browser().post("/register", data=sign_up_form())
    assert answer.url.path == "/login"
    assert flash_of(answer) == SIGNED_UP


def test_after_signing_up_only_the_password_is_left_to_type(minitwit: Callers) -> None:
    form = sign_up_form()
    page = Page(minitwit.browser().post("/register", data=form))
    assert page.value("username") == form["username"]
    assert [i["name"] for i in page.inputs if "autofocus" in i] == ["password"]
    assert PASSWORD not in page.text


def test_signing_up_in_a_browser_is_a_303(minitwit: Callers) -> None:
    answer = minitwit.browser().post(
        "/register", data=sign_up_form(), follow_redirects=False
    )
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("/login")


# contract: P2, B5
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"username": ""}, "You have to enter a username"),
        ({"email": ""}, "You have to enter a valid email address"),
        ({"email": "broken"}, "You have to enter a valid email address"),
        ({"password": ""}, "You have to enter a password"),
        ({"password2": "other"}, "The two passwords do not match"),
        ({"password2": ""}, "The two passwords do not match"),
    ],
)
def test_refused_sign_up_leads_back_with_the_reason_and_what_was_typed(
    minitwit: Callers, changed: dict[str, str], message: str
) -> None:
    form = sign_up_form(**changed)
    answer = minitwit.browser().post("/register", data=form)
    assert answer.url.path == "/register"
    assert flash_of(answer) == message
    page = Page(answer)
    assert page.value("username") == form["username"]
    assert page.value("email") == form["email"]


# contract: B5
def test_refused_sign_up_never_keeps_a_password(minitwit: Callers) -> None:
    browser = minitwit.browser()
    form = sign_up_form(username="", password="hunter-2-typed", password2="hunter-3")
    first = browser.post("/register", data=form, follow_redirects=False)
    kept = decoded(first.cookies["flash"])
    assert "typed@example.org" in kept
    assert "hunter" not in kept
    answer = browser.get("/register")
    assert "hunter" not in answer.text
    assert not Page(answer).value("password")
    assert not Page(answer).value("password2")


@pytest.mark.parametrize("password", ["x" * 64, "鯨 🐘 " * 30, "  a  ", "ÀÉ\u0301"])
def test_a_password_may_be_long_and_of_any_characters(
    minitwit: Callers, password: str
) -> None:
    form = sign_up_form(password=password, password2=password)
    minitwit.browser().post("/register", data=form)
    for typed, flash in ((password, "You were logged in"), (f"{password}x", "Invalid")):
        answer = minitwit.browser().post("/login", data=form | {"password": typed})
        assert flash_of(answer).startswith(flash)


def decoded(cookie: str) -> str:
    """Return what a signed cookie holds: base64, and compressed behind a dot."""
    payload = cookie.removeprefix(".").split(".")[0]
    raw = urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    return (zlib.decompress(raw) if cookie.startswith(".") else raw).decode()


# contract: P2
def test_sign_up_with_a_name_taken_says_so(minitwit: Callers) -> None:
    form = sign_up_form(username=minitwit.somebody)
    answer = minitwit.browser().post("/register", data=form)
    assert flash_of(answer) == "The username is already taken"


def test_sign_up_with_a_reserved_name_says_so(minitwit: Callers) -> None:
    form = sign_up_form(username="public")
    assert "reserved" in flash_of(minitwit.browser().post("/register", data=form))


def test_field_missing_from_the_form_is_like_an_empty_one(minitwit: Callers) -> None:
    answer = minitwit.browser().post("/register", data={"email": "a@b.c"})
    assert flash_of(answer) == "You have to enter a username"


# contract: P1
def test_signing_in_leads_to_the_own_timeline_with_a_flash(minitwit: Callers) -> None:
    form = {"username": minitwit.somebody, "password": PASSWORD}
    answer = minitwit.browser().post("/login", data=form)
    assert answer.url.path == "/"
    assert flash_of(answer) == "You were logged in"


# contract: P2
def test_signing_in_as_nobody_flashes_invalid_username(minitwit: Callers) -> None:
    form = {"username": new_name(), "password": PASSWORD}
    answer = minitwit.browser().post("/login", data=form)
    assert answer.url.path == "/login"
    assert flash_of(answer) == "Invalid username"
    assert Page(answer).value("username") == form["username"]


# contract: P2
def test_signing_in_with_another_password_flashes_invalid_password(
    minitwit: Callers,
) -> None:
    form = {"username": minitwit.somebody, "password": "hunter-2-typed"}
    answer = minitwit.browser().post("/login", data=form)
    assert answer.url.path == "/login"
    assert flash_of(answer) == "Invalid password"
    assert "hunter" not in answer.text
    assert Page(answer).value("username") == form["username"]


# contract: P1
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_signing_out_flashes_and_ends_the_session(
    minitwit: Callers, method: str
) -> None:
    browser = minitwit.browser_of(minitwit.somebody)
    # GET is kept for clients that do not ask for HTML.
    accept = {"Accept": "*/*"} if method == "GET" else {}
    answer = browser.request(method, "/logout", headers=accept)
    assert flash_of(answer) == "You were logged out"
    assert browser.get("/").url.path == "/public"


# contract: P1
def test_posting_flashes_and_shows_the_message(minitwit: Callers) -> None:
    name = minitwit.user()
    browser = minitwit.browser_of(name)
    answer = browser.post("/add_message", data={"text": "hello from a form"})
    assert answer.url.path == "/"
    assert flash_of(answer) == "Your message was recorded"
    assert "hello from a form" in Page(answer).text
    assert minitwit.contents(name) == ["hello from a form"]


# contract: B5
@pytest.mark.parametrize("text", ["", "  ", "x" * 1001, "a\x00b"])
def test_refused_message_is_not_recorded_and_its_text_is_kept(
    minitwit: Callers, text: str
) -> None:
    name = minitwit.user()
    answer = minitwit.browser_of(name).post("/add_message", data={"text": text})
    assert answer.status_code == 200
    assert flash_of(answer) != "Your message was recorded"
    assert minitwit.contents(name) == []
    assert text.replace("\x00", "\ufffd").strip() in Page(answer).text.replace(
        "\x00", "\ufffd"
    )


def test_line_break_of_a_form_is_one_character(minitwit: Callers) -> None:
    name = minitwit.user()
    browser = minitwit.browser_of(name)
    longest = "🐘" * 499 + "\r\n" + "🐘" * 500
    answer = browser.post("/add_message", data={"text": longest})
    assert flash_of(answer) == "Your message was recorded"
    assert minitwit.contents(name) == [longest.replace("\r\n", "\n")]
    answer = browser.post("/add_message", data={"text": longest + "x"})
    assert flash_of(answer) == "The message is longer than 1000 characters"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "public"}, "username"),
        ({"username": "a/b"}, "username"),
        ({"email": "broken"}, "email"),
        ({"password": ""}, "password"),
        ({"password2": "other"}, "password"),
    ],
)
def test_refused_form_marks_the_field_and_puts_the_focus_on_it(
    minitwit: Callers, changed: dict[str, str], field: str
) -> None:
    answer = minitwit.browser().post("/register", data=sign_up_form(**changed))
    inputs = Page(answer).inputs
    marked = [i["name"] for i in inputs if i.get("aria-invalid") == "true"]
    focused = [i["name"] for i in inputs if "autofocus" in i]
    assert (marked, focused) == ([field], [field])


# contract: B5
def test_refused_sign_in_and_message_mark_their_fields(minitwit: Callers) -> None:
    form = {"username": new_name("email password text"), "password": "x"}
    for username, field in (
        (form["username"], "username"),
        (minitwit.somebody, "password"),
    ):
        answer = minitwit.browser().post("/login", data=form | {"username": username})
        marked = [i["name"] for i in Page(answer).inputs if "aria-invalid" in i]
        assert marked == [field]
    answer = minitwit.browser_of(minitwit.user()).post(
        "/add_message", data={"text": ""}
    )
    assert re.search(r'<textarea id="text"[^>]* aria-invalid="true"', answer.text)


def test_form_that_was_not_refused_marks_no_field(minitwit: Callers) -> None:
    for path in ("/register", "/login"):
        inputs = Page(minitwit.browser().get(path)).inputs
        assert not any("aria-invalid" in input_ for input_ in inputs)


def test_posting_needs_somebody_signed_in(minitwit: Callers) -> None:
    answer = minitwit.browser().post("/add_message", data={"text": "x"})
    assert answer.url.path == "/login"


# contract: P1
def test_following_and_unfollowing_flash_the_name(minitwit: Callers) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    browser = minitwit.browser_of(ada)
    answer = browser.post(f"/{bob}/follow")
    assert answer.url.path == f"/{bob}"
    assert flash_of(answer) == f'You are now following "{bob}"'
    assert minitwit.follows(ada) == [bob]
    answer = browser.post(f"/{bob}/unfollow")
    assert answer.url.path == f"/{bob}"
    assert flash_of(answer) == f'You are no longer following "{bob}"'
    assert minitwit.follows(ada) == []


def test_users_page_offers_to_follow_or_unfollow_by_post(minitwit: Callers) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    browser = minitwit.browser_of(ada)
    assert f"/{bob}/follow" in Page(browser.get(f"/{bob}")).actions
    minitwit.follow(ada, bob)
    actions = Page(browser.get(f"/{bob}")).actions
    assert f"/{bob}/unfollow" in actions
    assert f"/{bob}/follow" not in actions


@pytest.mark.parametrize("action", ["follow", "unfollow"])
def test_following_needs_somebody_signed_in(minitwit: Callers, action: str) -> None:
    answer = minitwit.browser().post(f"/{minitwit.somebody}/{action}")
    assert answer.url.path == "/login"


@pytest.mark.parametrize("action", ["follow", "unfollow"])
def test_following_an_unknown_user_is_404_in_a_browser(
    minitwit: Callers, action: str
) -> None:
    browser = minitwit.somebodys_browser
    assert browser.post(f"/{new_name()}/{action}").status_code == 404


def test_user_with_space_and_unicode_is_followed_in_a_browser(
    minitwit: Callers,
) -> None:
    ada, bob = minitwit.user(), new_name("Zoë <b> 🐘 100% a+b")
    minitwit.register(bob)
    path = f"/{quote(bob, safe='')}"
    answer = minitwit.browser_of(ada).post(f"{path}/follow")
    assert answer.status_code == 200
    assert flash_of(answer) == f'You are now following "{bob}"'
    assert minitwit.follows(ada) == [bob]


def test_flash_is_shown_once(minitwit: Callers) -> None:
    browser = minitwit.browser()
    browser.post("/register", data=sign_up_form())
    assert SIGNED_UP not in browser.get("/login").text


def test_what_was_typed_into_a_refused_form_is_escaped(minitwit: Callers) -> None:
    markup = '"><script>x</script>'
    form = sign_up_form(username=markup, email="broken")
    answer = minitwit.browser().post("/register", data=form)
    assert "<script>x" not in answer.text
    assert Page(answer).value("username") == markup


def test_form_larger_than_the_limit_is_413_as_a_page(minitwit: Callers) -> None:
    browser = minitwit.somebodys_browser
    answer = browser.post("/add_message", data={"text": "x" * 70000})
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/login", "/add_message"])
def test_json_where_a_form_belongs_is_415(minitwit: Callers, path: str) -> None:
    browser = minitwit.somebodys_browser
    assert browser.post(path, json={"text": "x"}).status_code == 415


FORM_TYPES = [
    "application/x-www-form-urlencoded",
    "Application/X-WWW-Form-URLEncoded",
    "application/x-www-form-urlencoded; charset=utf-8",
    'application/x-www-form-urlencoded ; Charset="UTF-8"',
    "APPLICATION/X-WWW-FORM-URLENCODED;",
]


@pytest.mark.parametrize("content_type", FORM_TYPES)
def test_form_type_may_have_parameters_and_any_case(
    minitwit: Callers, content_type: str
) -> None:
    name = minitwit.user()
    headers = {"Content-Type": content_type}
    browser = minitwit.browser_of(name)
    browser.post("/add_message", content=b"text=caf%C3%A9", headers=headers)
    assert minitwit.contents(name) == ["café"]
    form = b"username=&email=a%40b&password=x&password2=x"
    answer = minitwit.browser().post("/register", content=form, headers=headers)
    assert flash_of(answer) == "You have to enter a username"


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-16", "windows-1252"])
def test_form_in_another_charset_is_415_and_records_nothing(
    minitwit: Callers, charset: str
) -> None:
    name = minitwit.user()
    answer = minitwit.browser_of(name).post(
        "/add_message",
        content=b"text=caf%E9",
        headers={"Content-Type": f"{FORM_TYPES[0]}; charset={charset}"},
    )
    assert answer.status_code == 415
    assert minitwit.contents(name) == []


DRAFTS = ["a draft", "line\r\nline", "<b>\"&'", "😀" * 600, "次" * 1000, "x" * 1000]


# contract: P7
@pytest.mark.parametrize("text", DRAFTS, ids=lambda text: text[:8])
def test_message_shared_after_the_session_has_ended_is_there_after_signing_in(
    minitwit: Callers, text: str
) -> None:
    name = minitwit.somebody
    browser = minitwit.browser()
    answer = browser.post("/add_message", data={"text": text})
    assert answer.url.path == "/login"
    assert flash_of(answer) == "Sign in again to share your message"
    form = {"username": name, "password": PASSWORD}
    answer = browser.post("/login", data=form)
    assert answer.url.path == "/"
    assert Page(answer).typed("text").replace("\r", "") == text.replace("\r", "")
    assert Page(browser.get("/")).typed("text") == ""


# contract: P7
def test_draft_after_a_session_was_ended_elsewhere_is_for_its_author_alone(
    minitwit: Callers,
) -> None:
    for is_author in (True, False):
        ada, bob = minitwit.user(), minitwit.user()
        browser, elsewhere = minitwit.browser_of(ada), minitwit.browser()
        elsewhere.cookies = browser.cookies
        elsewhere.post("/logout")
        answer = browser.post("/add_message", data={"text": "a draft"})
        assert flash_of(answer) == "Sign in again to share your message"
        form = {"username": ada if is_author else bob, "password": PASSWORD}
        answer = browser.post("/login", data=form)
        assert Page(answer).typed("text") == ("a draft" if is_author else "")


def test_draft_is_gone_after_signing_out(minitwit: Callers) -> None:
    browser = minitwit.browser()
    browser.post("/add_message", data={"text": "of somebody else"})
    browser.post("/logout")
    form = {"username": minitwit.somebody, "password": PASSWORD}
    assert "of somebody else" not in browser.post("/login", data=form).text


# contract: B6
def test_message_form_sent_again_adds_its_message_once(minitwit: Callers) -> None:
    name = minitwit.user()
    browser = minitwit.browser_of(name)
    sent = Page(browser.get("/")).hidden() | {"text": "once"}
    for _ in range(3):
        answer = browser.post("/add_message", data=sent)
        assert flash_of(answer) == "Your message was recorded"
    assert minitwit.contents(name) == ["once"]


# contract: B6
def test_message_form_sent_at_the_same_time_adds_its_message_once(
    minitwit: Callers,
) -> None:
    name = minitwit.user()
    browser = minitwit.browser_of(name)
    sent = Page(browser.get("/")).hidden() | {"text": "at once"}

    def share(_number: int) -> int:
        return browser.post(
            "/add_message", data=sent, follow_redirects=False
        ).status_code

    with ThreadPoolExecutor(5) as threads:
        assert list(threads.map(share, range(5))) == [303] * 5
    assert minitwit.contents(name) == ["at once"]


def test_same_text_in_a_new_form_or_another_text_in_the_same_is_another_message(
    minitwit: Callers,
) -> None:
    name = minitwit.user()
    browser = minitwit.browser_of(name)
    first, second = (Page(browser.get("/")).hidden() for _ in range(2))
    assert first != second
    for token, text in ((first, "a"), (second, "a"), (first, "b"), (second, "a")):
        browser.post("/add_message", data=token | {"text": text})
    assert minitwit.contents(name) == ["b", "a", "a"]


def test_form_token_of_another_user_takes_nothing_from_anybody(
    minitwit: Callers,
) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    sent = Page(minitwit.browser_of(ada).get("/")).hidden() | {"text": "same"}
    for name in (ada, bob):
        minitwit.browser_of(name).post("/add_message", data=sent)
    assert minitwit.contents(ada) == minitwit.contents(bob) == ["same"]


@pytest.mark.parametrize("token", ["", "x", "\x00", "\ufffd", "x" * 5000])
def test_any_text_will_do_as_a_form_token(minitwit: Callers, token: str) -> None:
    name = minitwit.user()
    form = {"text": "hello", "form_token": token}
    minitwit.browser_of(name).post("/add_message", data=form)
    assert minitwit.contents(name) == ["hello"]


# contract: B6
def test_follow_and_sign_in_forms_sent_again_act_once_and_say_the_same(
    minitwit: Callers,
) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    browser = minitwit.browser_of(ada)
    form = {"username": ada, "password": PASSWORD}
    for _ in range(3):
        assert flash_of(browser.post(f"/{bob}/follow")).startswith("You are now")
        assert minitwit.follows(ada) == [bob]
    for _ in range(3):
        assert flash_of(browser.post(f"/{bob}/unfollow")).startswith("You are no")
        assert minitwit.follows(ada) == []
    for _ in range(3):
        assert flash_of(browser.post("/login", data=form)) == "You were logged in"
    for _ in range(2):
        assert flash_of(browser.post("/logout")) == "You were logged out"


# contract: B6
def test_sign_up_form_sent_again_signs_up_once(minitwit: Callers) -> None:
    form = sign_up_form()
    for _ in range(3):
        answer = minitwit.browser().post("/register", data=form)
        assert flash_of(answer) == SIGNED_UP


# contract: B6
def test_sign_up_form_sent_at_the_same_time_signs_up_once(minitwit: Callers) -> None:
    form = sign_up_form()

    def sign_up(_number: int) -> str:
        return flash_of(minitwit.browser().post("/register", data=form))

    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(sign_up, range(3))) == [SIGNED_UP] * 3


@pytest.mark.parametrize(
    "changed",
    [
        {"password": "entirely other", "password2": "entirely other"},
        {"email": "other@example.org"},
        {"email": "TYPED@example.org"},
    ],
)
def test_sign_up_form_with_other_data_finds_the_name_taken(
    minitwit: Callers, changed: dict[str, str]
) -> None:
    form = sign_up_form()
    minitwit.browser().post("/register", data=form)
    answer = minitwit.browser().post("/register", data=form | changed)
    assert flash_of(answer) == "The username is already taken"


def test_sign_in_to_follow_leads_back_to_the_users_page(minitwit: Callers) -> None:
    bob = new_name("Zoë <b> 🐘 100% a+b")
    minitwit.register(bob)
    path = f"/{quote(bob, safe='')}"
    browser = minitwit.browser()
    [link] = [a for a in Page(browser.get(path)).links if a.startswith("/login?")]
    [action] = Page(browser.get(link)).actions
    assert action is not None
    wrong = {"username": minitwit.somebody, "password": "wrong"}
    answer = browser.post(action, data=wrong)
    assert flash_of(answer) == "Invalid password"
    [action] = Page(answer).actions
    assert action is not None
    answer = browser.post(action, data=wrong | {"password": PASSWORD})
    assert flash_of(answer) == "You were logged in"
    assert f"{path}/follow" in Page(answer).actions


def test_follow_button_after_the_session_has_ended_leads_back_to_the_page(
    minitwit: Callers,
) -> None:
    bob = minitwit.somebody
    answer = minitwit.browser().post(f"/{bob}/follow", follow_redirects=False)
    assert answer.headers["Location"] == f"/login?next=%2F{bob}"


@pytest.mark.parametrize(
    "page",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "evil",
        "",
        "/a\r\nSet-Cookie: x=y",
        "/a b",
        "/æ",
        "\t//evil.example",
    ],
)
def test_signing_in_leads_to_no_other_site(minitwit: Callers, page: str) -> None:
    form = {"username": minitwit.somebody, "password": PASSWORD}
    answer = minitwit.anybody.post("/login", params={"next": page}, data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


@pytest.mark.parametrize("path", ["/no/such/path", "/static/no.css", "/nobody-here"])
def test_error_page_shows_who_is_signed_in(minitwit: Callers, path: str) -> None:
    name = new_name("<i>ada")
    minitwit.register(name)
    answer = minitwit.browser_of(name).get(path)
    assert answer.status_code == 404
    page = Page(answer)
    assert name in page.text
    assert f"/{quote(name, safe='')}" in page.links
    assert "/logout" in page.actions
    assert "/login" not in page.links
    signed_out = Page(minitwit.browser().get(path))
    assert "/login" in signed_out.links
    assert "/logout" not in signed_out.actions
