"""Whatever a request's bytes are, the answer is the caller's fault, never ours."""

import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.contract.callers import SIMULATOR, Callers
from tests.contract.endpoints import BODIES, ENDPOINTS

METHODS = [
    *("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"),
    "WEBSOCKET",  # Falcon has one for itself.
]
POSTS = [endpoint.path for endpoint in ENDPOINTS if endpoint.method == "POST"]
GETS = [endpoint.path for endpoint in ENDPOINTS if endpoint.method == "GET"]
TYPES = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"]
HEADERS = [
    "Accept",
    "Authorization",
    "Content-Type",
    "Cookie",
    "Forwarded",
    "If-None-Match",
    "Origin",
    "Referer",
    "Sec-Fetch-Site",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "traceparent",
]
FIELDS = ["username", "email", "pwd", "password", "password2", "content", "text"]

# What HTTP lets a header hold (RFC 9110, section 5.5).
header_bytes = st.binary(max_size=200).map(
    lambda raw: bytes(b for b in raw if b >= 32 and b != 127).strip()
)
# What parsers of headers have failed on: brackets, quotes, numbers, dates, encodings.
PIECES = [
    *(b"http://[", b"http://[::1", b"http://a:b", b"http://a:99999", b"//", b"?", b"#"),
    *(b"session=", b"flash=", b"=", b";", b",", b'"', b'"\\', b"$Version=1", b"[]="),
    *(b"basic ", b"Basic =", b"Bearer x", b"%", b"%zz", b"%00", b"\xff", b"\xc3\x28"),
    *(b"text/html;q=", b"*/*;q=x", b"q=1e999", b"charset=", b"charset=\xff", b"a/b/c"),
    *(b'for="[', b"host=", b"proto=", b"by=_x", b"W/", b'W/"', b"*", b"null", b"-1"),
    *(b"00-", b"00-" + b"0" * 32, b"https", b"HTTPS, http", b"9" * 30, b"=?utf-8?b?"),
]
# Clients refuse to send blanks at either end.
header_values = header_bytes | st.lists(st.sampled_from(PIECES), max_size=6).map(
    lambda pieces: b"".join(pieces).strip()
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
numbers = st.sampled_from(["no", "latest", "before", "x"])
number_texts = st.text() | st.integers().map(str) | st.from_regex(r"-?[0-9]+-[0-9]+")


def url_of(path: str) -> str:
    """Return a path in which the names of a template are filled in."""
    return path.format(user="nobody", file="minitwit.css")


def percent(raw: bytes) -> str:
    """Return bytes as a path or a query may hold them."""
    return quote(raw, safe="/")


def assert_is_no_failure_of_ours(answer: httpx.Response) -> None:
    """Check that the status is not a server error."""
    assert answer.status_code < 500, (answer.request.url, answer.text)


# contract: A7
@given(path=st.sampled_from(POSTS), kind=st.sampled_from(TYPES), body=st.binary())
@example(path="/register", kind=TYPES[0], body=b"\x00")
@example(path="/login", kind=TYPES[1], body=b"username=%00&password=%ff%fe")
@example(path="/msgs/{user}", kind=TYPES[0], body=b'{"content":"\\ud800"}')
def test_no_body_gets_a_500(
    minitwit: Callers, path: str, kind: str, body: bytes
) -> None:
    headers = {**SIMULATOR, "Content-Type": kind}
    url = url_of(path)
    answer = minitwit.anybody.post(url, content=body, headers=headers)
    assert_is_no_failure_of_ours(answer)


# contract: A7
@given(method=st.sampled_from(METHODS), path=st.binary(max_size=300))
@example(method="GET", path=b"msgs/%00\x00")
@example(method="GET", path=b"a\x00b")
@example(method="POST", path=b"\xff\xfe/follow")
@example(method="GET", path=b"fllws/\xed\xa0\x80")
@example(method="GET", path=b"../../etc/passwd")
@example(method="GET", path=b"static/../handler.py")
def test_no_path_gets_a_500(minitwit: Callers, method: str, path: bytes) -> None:
    answer = minitwit.simulator.request(method, f"/{percent(path)}")
    assert_is_no_failure_of_ours(answer)


# contract: A7
@given(
    path=st.sampled_from(GETS),
    query=st.dictionaries(numbers, number_texts | st.lists(number_texts, max_size=2)),
    raw=st.binary(max_size=50),
)
@example(path="/msgs", query={"latest": "9" * 5000}, raw=b"")
@example(path="/public", query={"before": f"{2**63}-{2**63}"}, raw=b"")
@example(path="/msgs", query={"no": "9" * 30, "latest": str(-(2**63))}, raw=b"%&=")
def test_no_query_gets_a_500(
    minitwit: Callers, path: str, query: dict[str, Any], raw: bytes
) -> None:
    encoded = str(httpx.QueryParams(_encodable(query)))
    url = f"{url_of(path)}?{encoded}&{percent(raw)}"
    # A request line may have 4094 bytes; the edge or the server says so itself.
    answer = minitwit.simulator.get(url[:4000])
    assert_is_no_failure_of_ours(answer)


def _encodable(query: dict[str, Any]) -> dict[str, Any]:
    """Replace the surrogates, which no URL can hold."""
    escaped = json.dumps(query).replace("\\ud", "\\u0")
    encodable: dict[str, Any] = json.loads(escaped)
    return encodable


# contract: A7
@given(
    path=st.sampled_from(GETS + POSTS),
    headers=st.dictionaries(
        st.sampled_from(HEADERS),
        header_values,
    ),
    posted=st.booleans(),
)
@example(path="/", headers={"Cookie": b"session=\xff; flash=\xfe"}, posted=False)
@example(path="/msgs", headers={"Authorization": b"Basic \xff"}, posted=False)
@example(path="/login", headers={"Origin": b"http://[", "Cookie": b"="}, posted=True)
@example(path="/logout", headers={"Referer": b"http://["}, posted=True)
def test_no_header_gets_a_500(
    minitwit: Callers, path: str, headers: dict[str, bytes], posted: bool
) -> None:
    method = "POST" if posted else "GET"
    url = url_of(path)
    raw = [(name.encode(), value) for name, value in headers.items()]
    answer = minitwit.anybody.request(method, url, headers=raw)
    assert_is_no_failure_of_ours(answer)


# contract: A7
@given(
    path=st.sampled_from(BODIES),
    body=st.dictionaries(st.sampled_from([*FIELDS, "follow", "unfollow"]), json_values)
    | json_values,
)
def test_no_json_gets_a_500(minitwit: Callers, path: str, body: Any) -> None:
    raw = json.dumps(body).encode()
    url = path.format(user=minitwit.somebody)
    assert_is_no_failure_of_ours(minitwit.simulator.post(url, content=raw))


# contract: A7
@given(
    path=st.sampled_from(["/register", "/login", "/add_message"]),
    form=st.dictionaries(st.sampled_from(FIELDS), st.binary(max_size=2000)),
)
@example(path="/register", form={"username": b"\x00", "email": b"@", "password": b"x"})
@example(path="/login", form={"username": b"\xed\xa0\x80", "password": b"\x00"})
@example(path="/add_message", form={"text": b"\x00"})
def test_no_form_gets_a_500_nor_does_the_page_it_leads_to(
    minitwit: Callers, path: str, form: dict[str, bytes]
) -> None:
    body = "&".join(f"{name}={percent(value)}" for name, value in form.items())
    answer = minitwit.somebodys_browser.post(
        path,
        content=body.encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert_is_no_failure_of_ours(answer)


@pytest.mark.parametrize("header", HEADERS)
def test_no_piece_of_a_header_gets_a_500(minitwit: Callers, header: str) -> None:
    browser = minitwit.somebodys_browser
    for piece in PIECES:
        value = piece.strip()
        for method, path in [("GET", "/"), ("POST", "/hide_message"), ("GET", "/msgs")]:
            answer = browser.request(
                method, path, headers=[(header.encode(), value)], follow_redirects=False
            )
            assert_is_no_failure_of_ours(answer)
