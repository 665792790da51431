"""Sessions, cookies and CSRF protection."""

from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest

from tests.contract.callers import PASSWORD, Callers, new_name

CROSS_SITE: dict[str, dict[str, str]] = {
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "same-site": {"Sec-Fetch-Site": "same-site"},
    "other origin": {"Origin": "https://evil.example"},
    "null origin": {"Origin": "null"},
    "longer host": {"Origin": "http://{host}.evil.example"},
    "malformed origin": {"Origin": "http://["},
    "user in origin": {"Origin": "http://evil.example@{host}"},
    "foreign referer": {"Referer": "http://evil.example/page"},
    "host as user of referer": {"Referer": "http://{host}@evil.example/"},
    "host in path of referer": {"Referer": "http://evil.example/http://{host}/"},
    "malformed referer": {"Referer": "http://["},
    "app as referer": {"Referer": "android-app://com.example/"},
}
OWN_SITE: dict[str, dict[str, str]] = {
    "same-origin": {"Sec-Fetch-Site": "same-origin"},
    "typed": {"Sec-Fetch-Site": "none"},
    "own origin": {"Origin": "http://{host}"},
    "own page": {"Referer": "http://{host}/public?before=1-2"},
    "own page of odd case": {"Referer": "HTTP://{HOST}/public"},
    "empty referer": {"Referer": ""},
    "no browser": {},
}

NEW = "entirely different"
NEW_PASSWORD = {"new_password": NEW, "new_password2": NEW}

CHANGES: list[tuple[str, str, dict[str, str]]] = [
    ("POST", "/register", {"username": "{new}", "email": "a@b.c"}),
    ("POST", "/login", {"username": "{ada}", "password": PASSWORD}),
    ("POST", "/logout", {}),
    ("POST", "/account/delete", {"password": PASSWORD}),
    ("POST", "/account/sign_out_everywhere", {"password": PASSWORD}),
    ("POST", "/account/password", {"password": PASSWORD, **NEW_PASSWORD}),
    ("GET", "/logout", {}),
    ("POST", "/add_message", {"text": "x"}),
    ("POST", "/delete_message", {"id": "1"}),
    ("POST", "/{bob}/follow", {}),
    ("GET", "/{bob}/follow", {}),
    ("POST", "/{bob}/unfollow", {}),
    ("GET", "/{bob}/unfollow", {}),
]


def cookie_of(answer: httpx.Response, name: str) -> Any:
    """Return a cookie as the answer set it."""
    for header in answer.headers.get_list("Set-Cookie"):
        cookies = SimpleCookie(header)
        if name in cookies:
            return cookies[name]
    raise AssertionError(f"no cookie {name} in {answer.headers}")


def login(minitwit: Callers, name: str, **options: Any) -> httpx.Response:
    """Sign in and return the first answer."""
    form = {"username": name, "password": PASSWORD}
    return minitwit.anybody.post("/login", data=form, **options)


def filled(headers: dict[str, str], minitwit: Callers) -> dict[str, str]:
    """Put the host into headers."""
    host = httpx.URL(minitwit.url).netloc.decode()
    return {
        name: value.format(host=host, HOST=host.upper())
        for name, value in headers.items()
    }


# contract: B1
def test_session_cookie_is_httponly_lax_and_expires(minitwit: Callers) -> None:
    cookie = cookie_of(login(minitwit, minitwit.somebody), "session")
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert int(cookie["max-age"]) > 0


def test_session_cookie_is_not_secure_over_plain_http(minitwit: Callers) -> None:
    cookie = cookie_of(login(minitwit, minitwit.somebody), "session")
    assert not cookie["secure"]


def test_flash_cookie_is_httponly_lax_and_short_lived(minitwit: Callers) -> None:
    cookie = cookie_of(login(minitwit, minitwit.somebody), "flash")
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert 0 < int(cookie["max-age"]) <= 300


# contract: B1
@pytest.mark.parametrize("cookie", ["session", "flash"])
@pytest.mark.parametrize("value", ["", "x", "a.b.c", "W10.x.y", "%00", "x" * 3000])
def test_forged_cookie_is_nobodys(minitwit: Callers, cookie: str, value: str) -> None:
    headers = {"Cookie": f"{cookie}={value}"}
    answer = minitwit.anybody.get("/", headers=headers)
    assert answer.status_code == 303
    assert minitwit.anybody.get("/public", headers=headers).status_code == 200


def test_changed_session_cookie_is_nobodys(minitwit: Callers) -> None:
    value = cookie_of(login(minitwit, minitwit.somebody), "session").value
    flipped = ("A" if value[0] != "A" else "B") + value[1:]
    for cookie, status in ((value, 200), (flipped, 303), (value[:-1], 303)):
        headers = {"Cookie": f"session={cookie}"}
        assert minitwit.anybody.get("/", headers=headers).status_code == status


@pytest.mark.parametrize("place", [0, 1, 2])
def test_cookies_may_come_in_several_lines(minitwit: Callers, place: int) -> None:
    value = cookie_of(login(minitwit, minitwit.somebody), "session").value
    lines = ["a=1; b=2", "c=3"]
    lines.insert(place, f"session={value}")
    headers = [("Accept", "text/html"), *(("Cookie", line) for line in lines)]
    answer = minitwit.anybody.get("/", headers=headers)
    assert answer.status_code == 200
    assert minitwit.somebody in answer.text


def test_flash_cookie_is_no_session(minitwit: Callers) -> None:
    value = cookie_of(login(minitwit, minitwit.somebody), "flash").value
    headers = {"Cookie": f"session={value}"}
    assert minitwit.anybody.get("/", headers=headers).status_code == 303


# contract: B3
@pytest.mark.parametrize("origin", CROSS_SITE)
@pytest.mark.parametrize(("method", "path", "form"), CHANGES)
def test_cross_site_request_that_would_change_something_is_403(
    minitwit: Callers, method: str, path: str, form: dict[str, str], origin: str
) -> None:
    ada, bob = minitwit.user(), minitwit.somebody
    browser = minitwit.browser_of(ada)
    answer = browser.request(
        method,
        path.format(bob=bob),
        data={k: v.format(ada=ada, new=new_name()) for k, v in form.items()} or None,
        headers=filled(CROSS_SITE[origin], minitwit),
    )
    assert answer.status_code == 403
    assert minitwit.follows(ada) == []
    assert minitwit.contents(ada) == []
    assert browser.get("/", follow_redirects=False).status_code == 200


# contract: B3
@pytest.mark.parametrize("origin", OWN_SITE)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_own_pages_and_clients_that_are_no_browser_are_not_hindered(
    minitwit: Callers, method: str, origin: str
) -> None:
    ada, bob = minitwit.user(), minitwit.somebody
    headers = filled(OWN_SITE[origin], minitwit)
    browser = minitwit.browser_of(ada)
    if method == "GET":  # Kept for clients that do not ask for HTML.
        headers["Accept"] = "*/*"
    browser.request(method, f"/{bob}/follow", headers=headers)
    assert minitwit.follows(ada) == [bob]
    browser.request(method, f"/{bob}/unfollow", headers=headers)
    assert minitwit.follows(ada) == []


def test_cross_site_link_to_a_page_is_followed(minitwit: Callers) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    for path in ("/public", "/login", "/register", f"/{minitwit.somebody}"):
        assert minitwit.anybody.get(path, headers=headers).status_code == 200


# contract: B3
def test_cross_site_request_to_the_api_is_403_and_writes_nothing(
    minitwit: Callers,
) -> None:
    ada = minitwit.user()
    answer = minitwit.simulator.post(
        f"/msgs/{ada}", json={"content": "x"}, headers=CROSS_SITE["cross-site"]
    )
    assert answer.status_code == 403
    assert minitwit.contents(ada) == []


def test_forms_hold_no_hidden_token(minitwit: Callers) -> None:
    for path in ("/register", "/login"):
        assert 'type="hidden"' not in minitwit.browser().get(path).text


# contract: B8
@pytest.mark.parametrize(
    "cookies",
    [
        "session=junk; session={good}",
        "session={good}; session=junk",
        "session=; session={good}",
        "session=a.b.c; session=%00; session={good}",
        "other=x;session={good}",
        "session={good};",
        "=x; ; session={good}",
    ],
)
def test_valid_session_counts_among_others(minitwit: Callers, cookies: str) -> None:
    good = cookie_of(login(minitwit, minitwit.somebody), "session").value
    headers = {"Cookie": cookies.format(good=good)}
    assert minitwit.anybody.get("/", headers=headers).status_code == 200


# contract: B4
@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/{bob}/follow", "/{bob}"),
        ("/{bob}/unfollow", "/{bob}"),
        ("/logout", "/account"),
    ],
)
@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "application/json, Text/HTML ; q=0.1",
    ],
)
def test_link_that_a_browser_follows_leads_to_the_button_and_changes_nothing(
    minitwit: Callers, path: str, page: str, accept: str
) -> None:
    ada, bob, eve = minitwit.user(), minitwit.somebody, minitwit.user()
    minitwit.follow(ada, eve)
    target = eve if "unfollow" in path else bob
    browser = minitwit.browser_of(ada)
    answer = browser.get(
        path.format(bob=target), headers={"Accept": accept}, follow_redirects=False
    )
    assert answer.status_code == 303
    assert answer.headers["Location"] == page.format(bob=target)
    assert minitwit.follows(ada) == [eve]
    assert browser.get("/", follow_redirects=False).status_code == 200


# contract: B4
@pytest.mark.parametrize("accept", ["*/*", "", "application/json", "text/html;q=0"])
def test_get_of_a_client_that_does_not_ask_for_html_does_what_the_button_does(
    minitwit: Callers, accept: str
) -> None:
    ada, bob = minitwit.user(), minitwit.somebody
    client = minitwit.browser_of(ada)
    client.headers["Accept"] = accept
    client.get(f"/{bob}/follow", follow_redirects=False)
    assert minitwit.follows(ada) == [bob]
    client.get(f"/{bob}/unfollow", follow_redirects=False)
    assert minitwit.follows(ada) == []
    client.get("/logout", follow_redirects=False)
    assert client.get("/", follow_redirects=False).status_code == 303


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_head_on_logout_signs_nobody_out(minitwit: Callers, accept: str) -> None:
    browser = minitwit.browser_of(minitwit.somebody)
    headers = {"Accept": accept}
    answer = browser.head("/logout", headers=headers, follow_redirects=False)
    assert answer.status_code == 303
    assert browser.get("/", follow_redirects=False).status_code == 200


FORGED: list[dict[str, str]] = [
    {"Forwarded": "host=evil.example;proto=https"},
    {"Forwarded": "for=1.2.3.4;host=evil.example;proto=https, for=5.6.7.8"},
    {"X-Forwarded-Host": "evil.example"},
    {"X-Forwarded-Proto": "https"},
    {"X-Forwarded-Prefix": "/evil", "X-Forwarded-Server": "evil.example"},
]


# contract: B7
@pytest.mark.parametrize("headers", FORGED, ids=str)
def test_forged_proxy_headers_make_no_cookie_secure(
    minitwit: Callers, headers: dict[str, str]
) -> None:
    cookie = cookie_of(login(minitwit, minitwit.somebody, headers=headers), "session")
    assert bool(cookie["secure"]) is (httpx.URL(minitwit.url).scheme == "https")


# contract: B7
@pytest.mark.parametrize("headers", [*FORGED, {"Host": "evil.example"}], ids=str)
def test_ids_and_links_of_a_feed_never_depend_on_the_request(
    minitwit: Callers, headers: dict[str, str]
) -> None:
    path = f"/{minitwit.somebody}/feed"
    answer = minitwit.anybody.get(path, headers=headers)
    assert answer.status_code == 200
    assert "evil.example" not in answer.text
    assert answer.text == minitwit.anybody.get(path).text


# contract: B9
@pytest.mark.parametrize("path", ["/add_message", "/{bob}/follow", "/hide_message"])
def test_copied_cookie_is_refused_after_signing_out(
    minitwit: Callers, path: str
) -> None:
    browser = minitwit.browser_of(minitwit.user())
    bob = minitwit.user()
    with minitwit.browser() as thief:
        thief.follow_redirects = False
        stolen = httpx.Cookies(browser.cookies)
        thief.cookies = stolen
        assert thief.get("/").status_code == 200
        assert "You were logged out" in browser.post("/logout").text
        thief.cookies = stolen
        assert thief.get("/").headers["Location"] == "/public"
        thief.cookies = stolen
        answer = thief.post(path.format(bob=bob), data={"text": "x", "id": "1"})
        assert answer.headers["Location"].startswith("/login")


# contract: B9
def test_signing_in_again_starts_a_session_and_ends_the_one_before(
    minitwit: Callers,
) -> None:
    ada = minitwit.user()
    browser = minitwit.browser_of(ada)
    before = browser.cookies["session"]
    browser.post("/login", data={"username": ada, "password": PASSWORD})
    after = browser.cookies["session"]
    assert after != before
    for value, status in ((before, 303), (after, 200)):
        headers = {"Cookie": f"session={value}"}
        assert minitwit.anybody.get("/", headers=headers).status_code == status
