"""A storage that does not answer is a 503 that says when to come back."""

from collections.abc import Iterator

import pytest

from tests.contract.callers import PASSWORD, SIMULATOR, Callers, assert_error
from tests.fakes.store import fake_store, store_that_is_down
from tests.in_process import callers_of

API = [
    ("POST", "/register", {"username": "ada", "email": "a@b", "pwd": PASSWORD}),
    ("GET", "/msgs", None),
    ("GET", "/msgs/ada", None),
    ("POST", "/msgs/ada", {"content": "x"}),
    ("GET", "/fllws/ada", None),
    ("POST", "/fllws/ada", {"follow": "bob"}),
    ("GET", "/latest", None),
]
PAGES = ["/public", "/ada"]


@pytest.fixture
def minitwit() -> Iterator[Callers]:
    """Return callers of a MiniTwit without a storage."""
    callers = callers_of(store_that_is_down())
    yield callers
    callers.close()


# contract: A6
@pytest.mark.parametrize("query", ["", "?latest=5"])
@pytest.mark.parametrize(("method", "path", "body"), API)
def test_api_is_503_with_retry_after(
    minitwit: Callers, method: str, path: str, body: object, query: str
) -> None:
    answer = minitwit.simulator.request(method, path + query, json=body)
    assert_error(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0


# contract: A6
@pytest.mark.parametrize("path", PAGES)
def test_page_is_503_with_retry_after_as_a_page(minitwit: Callers, path: str) -> None:
    answer = minitwit.browser().get(path)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Content-Type"].startswith("text/html")


def test_forms_are_503_with_retry_after(minitwit: Callers) -> None:
    signed_in = callers_of(fake_store())
    cookies = dict(signed_in.browser_of(signed_in.user()).cookies)
    for path, form in [
        ("/login", {"username": "ada", "password": PASSWORD}),
        ("/add_message", {"text": "x"}),
        ("/ada/follow", {}),
    ]:
        browser = minitwit.browser()
        browser.cookies.update(cookies)
        answer = browser.post(path, data=form)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0


def test_who_may_not_gets_403_and_needs_no_storage(minitwit: Callers) -> None:
    assert_error(minitwit.anybody.get("/msgs"), 403)
    assert SIMULATOR["Authorization"]


def test_forms_pages_and_the_description_need_no_storage(minitwit: Callers) -> None:
    for path in ("/login", "/register", "/openapi.json"):
        assert minitwit.anybody.get(path).status_code == 200
