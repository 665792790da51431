"""Endpoints: their paths and methods, and the language of their answers."""

import httpx
import pytest

from tests.contract.callers import PASSWORD, SIMULATOR, Callers, assert_error, new_name
from tests.contract.endpoints import (
    API,
    ENDPOINTS,
    PAGES,
    Endpoint,
    allowed,
    body_for,
    endpoint_id,
    reserved_names,
)
from tests.contract.page import Page, flash_of

ALLOWED = allowed(API)
# Shared with the API: a wrong method speaks the caller's language.
ALLOWED_PAGES = {
    path: methods for path, methods in allowed(PAGES).items() if path != "/register"
}
GETS = [endpoint for endpoint in API if endpoint.method == "GET"]
HTML = ["/", "/public", "/register", "/login", "/{user}"]

OPERATORS = ["/metrics", "/live", "/ready", "/version"]


# contract: E1
@pytest.mark.parametrize("slash", ["", "/"], ids=["plain", "slash"])
@pytest.mark.parametrize("prefix", ["", "/api"], ids=["root", "api"])
@pytest.mark.parametrize("endpoint", API, ids=endpoint_id)
def test_api_path_answers_under_both_prefixes_with_and_without_trailing_slash(
    minitwit: Callers, endpoint: Endpoint, prefix: str, slash: str
) -> None:
    user = minitwit.somebody
    url = prefix + endpoint.path.format(user=user) + slash
    body = body_for(endpoint, user)
    answer = minitwit.simulator.request(endpoint.method, url, json=body)
    assert answer.status_code == endpoint.status
    if endpoint.status == 204:
        assert answer.content == b""
    else:
        assert answer.headers["Content-Type"] == "application/json"


# contract: E1
@pytest.mark.parametrize("slash", ["", "/"], ids=["plain", "slash"])
@pytest.mark.parametrize("path", HTML)
def test_pages_are_html_with_and_without_trailing_slash(
    minitwit: Callers, path: str, slash: str
) -> None:
    user = minitwit.somebody
    url = (path.format(user=user) + slash).replace("//", "/")
    answer = minitwit.browser().get(url)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")


def test_static_files_are_served(minitwit: Callers) -> None:
    page = Page(minitwit.browser().get("/public"))
    static = [link for link in page.links if link.startswith("/static/")]
    assert static
    for link in static:
        answer = minitwit.anybody.get(link)
        assert answer.status_code == 200
        assert answer.content
        kind = answer.headers["Content-Type"]
        is_text = kind.startswith("text/") or "xml" in kind
        assert kind.endswith("; charset=utf-8") == is_text


# contract: E8
def test_the_description_is_openapi_and_names_every_api_path(minitwit: Callers) -> None:
    description = minitwit.anybody.get("/openapi.json").json()
    assert description["openapi"].startswith("3.1")
    described = {
        (method.upper(), path.replace("{username}", "{user}"))
        for path, methods in description["paths"].items()
        for method in methods
    }
    paths = {endpoint.path for endpoint in API}
    assert described == {(e.method, e.path) for e in ENDPOINTS if e.path in paths}


# contract: E10
def test_the_description_is_a_page_to_which_every_footer_leads(
    minitwit: Callers,
) -> None:
    browser = minitwit.browser()
    assert "/api" in Page(browser.get("/public")).links
    page = Page(browser.get("/api"))
    assert "/openapi.json" in page.links
    description = minitwit.anybody.get("/openapi.json").json()
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            assert f"{method.upper()} {path}" in page.text
            assert operation["summary"] in page.text
    for name in description["components"]["schemas"]:
        assert f"#{name}" in page.links


# contract: E2
@pytest.mark.parametrize("path", [*(get.path for get in GETS), "/api/msgs"])
def test_head_works_wherever_get_does_in_the_api(minitwit: Callers, path: str) -> None:
    url = path.format(user=minitwit.somebody)
    assert_head_is_get_without_a_body(minitwit.simulator, url)


# contract: E2
@pytest.mark.parametrize("path", HTML)
def test_head_works_wherever_get_does_on_pages(minitwit: Callers, path: str) -> None:
    url = path.format(user=minitwit.somebody)
    assert_head_is_get_without_a_body(minitwit.anybody, url)


# contract: E9
@pytest.mark.parametrize(
    ("path", "kind", "start"),
    [
        ("/robots.txt", "text/plain", b"User-agent:"),
        ("/favicon.ico", "image/", b"<svg"),
        ("/manifest.webmanifest", "application/manifest+json", b"{"),
    ],
)
def test_what_crawlers_and_browsers_fetch_at_the_root_is_served(
    minitwit: Callers, path: str, kind: str, start: bytes
) -> None:
    answer = minitwit.anybody.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(kind)
    assert answer.content.startswith(start)


def test_head_works_on_static_files(minitwit: Callers) -> None:
    links = Page(minitwit.browser().get("/public")).links
    static = next(link for link in links if link.startswith("/static/"))
    assert_head_is_get_without_a_body(minitwit.anybody, static)


def assert_head_is_get_without_a_body(client: httpx.Client, url: str) -> None:
    """Compare HEAD with GET."""
    head, get = client.head(url), client.get(url)
    assert head.status_code == get.status_code
    assert head.status_code < 400
    assert head.content == b""
    assert head.headers.get("Content-Type") == get.headers.get("Content-Type")
    assert head.headers.get("Location") == get.headers.get("Location")


# contract: E2
def test_head_on_a_users_follow_path_follows_nobody(minitwit: Callers) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    answer = minitwit.browser_of(ada).head(f"/{bob}/follow", follow_redirects=False)
    assert answer.status_code == 303
    assert minitwit.follows(ada) == []


# contract: E2
def test_head_leaves_what_the_next_page_shows(minitwit: Callers) -> None:
    """The message of a refused form, and a text that waits for its author."""
    browser = minitwit.browser()
    browser.post("/login", data={"username": "nobody"}, follow_redirects=False)
    browser.post("/add_message", data={"text": "unposted"}, follow_redirects=False)
    assert browser.head("/login").status_code == 200
    assert flash_of(browser.get("/login"))
    name = minitwit.user()
    form = {"username": name, "password": PASSWORD}
    browser.post("/login", data=form, follow_redirects=False)
    assert browser.head("/").status_code == 200
    assert "unposted" in browser.get("/").text


# contract: E3
@pytest.mark.parametrize("prefix", ["", "/api"], ids=["root", "api"])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", [path for path in ALLOWED if path != "/register"])
def test_wrong_method_in_the_api_is_405_with_allow_in_json(
    minitwit: Callers, path: str, method: str, prefix: str
) -> None:
    url = prefix + path.format(user=minitwit.somebody)
    answer = minitwit.simulator.request(method, url)
    assert_error(answer, 405)
    assert answer.headers["Allow"] == ALLOWED[path]


@pytest.mark.parametrize("path", ["/msgs", "/latest", "/openapi.json"])
def test_post_where_only_get_is_served_is_405(minitwit: Callers, path: str) -> None:
    answer = minitwit.simulator.post(path, json={})
    assert_error(answer, 405)
    assert answer.headers["Allow"] == "GET, HEAD"


def test_wrong_method_is_405_without_credentials_too(minitwit: Callers) -> None:
    assert_error(minitwit.anybody.delete("/msgs"), 405)


def test_get_register_under_the_api_prefix_is_405_in_json(minitwit: Callers) -> None:
    answer = minitwit.simulator.get("/api/register")
    assert_error(answer, 405)
    assert answer.headers["Allow"] == "POST"


# contract: E3
def test_wrong_method_on_register_allows_the_methods_of_both_callers(
    minitwit: Callers,
) -> None:
    answer = minitwit.anybody.put("/register")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, POST"


# contract: E3
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("path", ALLOWED_PAGES)
def test_wrong_method_on_a_page_is_405_with_allow_as_a_page(
    minitwit: Callers, path: str, method: str
) -> None:
    url = path.format(user=minitwit.somebody)
    answer = minitwit.browser().request(method, url)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == ALLOWED_PAGES[path]
    assert Page(answer).text


def test_get_add_message_is_405_as_a_page(minitwit: Callers) -> None:
    answer = minitwit.browser().get("/add_message")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
    assert Page(answer).text


def test_unknown_method_is_405_with_allow(minitwit: Callers) -> None:
    for method in ("BREW", "M-X", "get", "TRACE"):
        request = httpx.Request(method, f"{minitwit.url}/msgs", headers=SIMULATOR)
        # httpx writes methods in capitals.
        request.method = method
        answer = minitwit.simulator.send(request)
        assert_error(answer, 405, method)
        assert answer.headers["Allow"] == "GET, HEAD"


def test_a_method_that_falcon_has_for_itself_is_405_as_well(minitwit: Callers) -> None:
    answer = minitwit.anybody.request("WEBSOCKET", "/latest")
    assert_error(answer, 405, "websocket")
    assert answer.headers["Allow"] == "GET, HEAD"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert minitwit.anybody.request("WEBSOCKET", "/a/b/c").status_code == 404


# contract: E4, E5
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_unknown_path_in_the_api_is_404_in_json(minitwit: Callers, method: str) -> None:
    assert_error(minitwit.simulator.request(method, "/api/no/such/path"), 404)


# contract: E5
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unknown_path_is_404_in_json_for_clients_that_accept_only_json(
    minitwit: Callers, method: str
) -> None:
    accept = {"Accept": "application/json"}
    answer = minitwit.anybody.request(method, "/no/such/path", headers=accept)
    assert_error(answer, 404)


# contract: E4, E5
@pytest.mark.parametrize("path", ["/no/such/path", "/static/no.css", "/msgs/a/b"])
def test_unknown_path_is_404_as_a_page_in_a_browser(
    minitwit: Callers, path: str
) -> None:
    answer = minitwit.browser().get(path)
    assert answer.status_code == 404
    assert Page(answer).text


def test_page_of_an_unknown_user_is_404_as_a_page(minitwit: Callers) -> None:
    answer = minitwit.browser().get(f"/{new_name()}")
    assert answer.status_code == 404
    assert Page(answer).text


# contract: E6
@pytest.mark.parametrize("name", reserved_names())
def test_name_that_the_routes_use_is_reserved(minitwit: Callers, name: str) -> None:
    body = {"username": name, "email": "a@b.c", "pwd": PASSWORD}
    assert_error(minitwit.simulator.post("/register", json=body), 400, "reserved")


# contract: E7
@pytest.mark.parametrize("path", OPERATORS)
def test_operators_path_is_not_published(minitwit: Callers, path: str) -> None:
    assert minitwit.browser().get(path).status_code == 404
    assert_error(minitwit.simulator.get(f"/api{path}"), 404)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [*ALLOWED.items(), *ALLOWED_PAGES.items(), ("/register", "GET, HEAD, POST")],
)
def test_options_names_all_methods_of_the_path(
    minitwit: Callers, path: str, allowed: str
) -> None:
    answer = minitwit.anybody.options(path.format(user=minitwit.somebody))
    assert answer.status_code in (200, 204)
    assert answer.headers["Allow"] == allowed
    assert answer.content == b""


def test_options_of_an_unknown_path_is_404(minitwit: Callers) -> None:
    assert minitwit.anybody.options("/no/such/path").status_code == 404


ANSWERS = [
    *("/", "/public", "/login", "/{user}", "/{user}/feed", "/openapi.json"),
    *("/latest", "/msgs", "/new_messages?timeline=public&after=0-0"),
    *("/no/such/path", "/api/no/such/path", "/{user}/follow"),
]


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_has_the_security_headers(minitwit: Callers, path: str) -> None:
    answer = minitwit.anybody.get(path.format(user=minitwit.somebody))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    policy = answer.headers["Content-Security-Policy"]
    is_page = answer.headers.get("Content-Type", "").startswith("text/html")
    assert policy.startswith("default-src 'self';" if is_page else "default-src 'none'")
    assert "base-uri 'none'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
@pytest.mark.parametrize("path", ANSWERS)
def test_no_answer_may_be_read_by_another_origin(
    minitwit: Callers, path: str, method: str
) -> None:
    """Neither a request of a script nor the preflight before it is allowed (CORS)."""
    headers = {
        "Origin": "https://other.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    url = path.format(user=minitwit.somebody)
    answer = minitwit.anybody.request(method, url, headers=headers)
    assert not [name for name in answer.headers if name.startswith("access-control-")]
