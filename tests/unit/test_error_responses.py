"""Error responses: JSON for the API, and a page for browsers, of every function."""

import falcon
import httpx
import pytest

from minitwit.web.routes import FUNCTIONS
from tests.contract.callers import Callers, new_name
from tests.contract.page import Page
from tests.fakes.store import fake_store, store_that_is_down
from tests.in_process import callers_of

ELSEWHERE = {"Sec-Fetch-Site": "cross-site"}


@pytest.fixture
def minitwit() -> Callers:
    """Return callers of a MiniTwit of the test's own."""
    return callers_of(fake_store())


def refused(answer: httpx.Response, status: int, title: str) -> Page:
    """Check that an answer is a good page, and return it."""
    assert answer.status_code == status
    page = Page(answer)
    assert f"<h1>{title}</h1>" in answer.text
    assert {"/", "/public"} <= set(page.links)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';")
    assert answer.headers["Cache-Control"] == "no-store"
    return page


@pytest.mark.parametrize(
    "path",
    ["/login", "/logout", "/register", "/add_message", "/hide_message", "/a/follow"],
)
def test_another_sites_form_is_refused_with_a_page(
    minitwit: Callers, path: str
) -> None:
    form = {"text": "x"}
    answer = minitwit.browser().post(path, data=form, headers=ELSEWHERE)
    page = refused(answer, 403, "Not allowed")
    assert "use its own buttons" in page.text


@pytest.mark.parametrize("path", ["/nobody", "/a/b/c", "/nobody/feed", "/static/x.css"])
def test_what_is_not_there_is_a_page_with_a_way_on(
    minitwit: Callers, path: str
) -> None:
    page = refused(minitwit.browser().get(path), 404, "Nothing here")
    assert "Check the address" in page.text


def test_following_nobody_is_a_page_of_another_function(minitwit: Callers) -> None:
    browser = minitwit.browser_of(minitwit.user())
    page = refused(browser.post("/nobody/follow"), 404, "Nothing here")
    assert "There is no user of that name." in page.text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/public", "GET, HEAD"),
        ("GET", "/add_message", "POST"),
        ("GET", "/hide_message", "POST"),
        ("POST", "/a/followers", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_a_page_that_names_the_method(
    minitwit: Callers, method: str, path: str, allowed: str
) -> None:
    answer = minitwit.browser().request(method, path)
    page = refused(answer, 405, "Not possible here")
    assert f"the method {method}" in page.text
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize("path", ["/login", "/register", "/add_message"])
def test_a_form_that_is_too_large_is_a_page(minitwit: Callers, path: str) -> None:
    browser = minitwit.browser_of(minitwit.user())
    answer = browser.post(path, data={"text": "x" * 70_000, "username": "a"})
    page = refused(answer, 413, "Too large")
    assert "make it shorter" in page.text


@pytest.mark.parametrize(
    "path", ["/public", "/alice", "/public/feed", "/alice/followers"]
)
def test_without_storage_a_page_says_when_to_come_back(path: str) -> None:
    answer = callers_of(store_that_is_down()).browser().get(path)
    page = refused(answer, 503, "One moment, please")
    assert "Wait a few seconds" in page.text
    assert answer.headers["Retry-After"] == "2"


def test_without_storage_a_form_of_any_function_says_it_too() -> None:
    down = callers_of(store_that_is_down())
    form = {"username": "alice", "password": "x"}
    answer = down.browser().post("/login", data=form)
    refused(answer, 503, "One moment, please")
    assert answer.headers["Retry-After"] == "2"


def without(function: str) -> Callers:
    """Return callers of a MiniTwit of which a function has no replica."""
    others = [name for name in FUNCTIONS if name != function]
    return callers_of(fake_store(), functions=others)


@pytest.mark.parametrize(
    ("function", "method", "path"),
    [
        ("messages", "GET", "/msgs"),
        ("messages", "HEAD", "/msgs/ada"),
        ("messages", "POST", "/api/msgs/ada"),
        ("messages", "GET", "/latest"),
        ("follow", "POST", "/fllws/ada"),
        ("register", "POST", "/api/register"),
        ("register", "POST", "/register"),
    ],
)
def test_api_of_a_function_without_replicas_is_503(
    function: str, method: str, path: str
) -> None:
    answer = without(function).simulator.request(method, path)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    if method != "HEAD":
        assert "temporarily unavailable" in answer.json()["error_msg"]


def test_errors_of_the_caller_are_the_same_without_replicas() -> None:
    minitwit = without("messages")
    assert minitwit.anybody.get("/msgs").status_code == 403
    assert minitwit.simulator.delete("/msgs").status_code == 405
    assert minitwit.simulator.get("/nothing/there").status_code == 404


@pytest.mark.parametrize(
    ("function", "path"),
    [("register", "/login"), ("messages", "/add_message"), ("follow", "/a/follow")],
)
def test_form_of_a_function_without_replicas_is_503_as_a_page(
    function: str, path: str
) -> None:
    answer = without(function).browser().post(path, data={"text": "x"})
    page = refused(answer, 503, "One moment, please")
    assert "This part of MiniTwit is temporarily unavailable" in page.text
    assert answer.headers["Retry-After"] == "2"


def test_the_api_keeps_its_json(minitwit: Callers) -> None:
    for answer in (
        minitwit.anybody.get("/msgs"),
        minitwit.anybody.get("/api/nothing"),
        minitwit.simulator.get("/msgs/nobody"),
        callers_of(store_that_is_down()).anybody.get("/latest"),
    ):
        assert answer.json()["status"] == answer.status_code
        assert answer.headers["Content-Type"] == "application/json"


def test_a_message_to_hide_is_named_by_a_number(minitwit: Callers) -> None:
    browser = minitwit.browser_of(minitwit.user())
    for form in ({}, {"id": "x"}, {"id": "-"}):
        answer = browser.post("/hide_message", data=form)
        refused(answer, 404, "Nothing here")
    refused(browser.post("/hide_message", data={"id": "1"}), 403, "Not allowed")


def test_who_is_not_signed_in_is_led_to_the_form(minitwit: Callers) -> None:
    answer = minitwit.anybody.post("/restore_message", data={"id": "1"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")


def test_a_name_like_a_page_below_a_user_is_no_user(minitwit: Callers) -> None:
    for name in ("hide_message", "restore_message", "new_messages"):
        body = {"username": name, "email": "a@b", "pwd": "x"}
        assert minitwit.simulator.post("/register", json=body).status_code == 400
    minitwit.register(new_name("followers"))


@pytest.mark.parametrize("header", ["Accept", "Content-Type"])
def test_little_of_a_header_is_parsed(
    minitwit: Callers, header: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is quoted takes time by the square of its length, and others wait."""
    parsed: list[int] = []
    parse = falcon.parse_header

    def measured(line: str) -> tuple[str, dict[str, str]]:
        parsed.append(len(line))
        return parse(line)

    monkeypatch.setattr(falcon, "parse_header", measured)
    headers = {header: 'text/html;a="' + ";" * 30_000}
    minitwit.anybody.get("/a/b/c/d", headers=headers)
    minitwit.anybody.post("/register", headers=headers, content=b"{}")
    assert parsed
    assert max(parsed) <= 1000
