"""The request parser: requests however the bytes are cut, and what it refuses."""

from itertools import pairwise

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitwit.server import request_parser
from minitwit.server.request import ENVIRON_KEYS, Request, connection_environ
from minitwit.server.request_parser import MAX_BODY, RequestParser

POST = (
    b"POST /msgs/Roger%20Histand?latest=7&no=a%20b#x HTTP/1.1\r\nHost: a\r\n"
    b"Content-Type: application/json\r\nContent-Length: 4\r\n"
    b"X-Forwarded-Proto: https\r\nCookie: a=1\r\nCookie: b=2\r\nX_Real: no\r\n\r\nbody"
)
CHUNKED = (
    b"POST /register HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n"
)


HEAD = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED_HEAD = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def parser() -> RequestParser:
    environ = connection_environ(("10.0.0.9", 4711), 8000)
    return RequestParser(environ, "10.0.0.1:8000")


def parse(*pieces: bytes) -> list[Request]:
    """Return the requests that pieces of bytes make."""
    parsing = parser()
    for piece in pieces:
        parsing.feed(piece)
    assert parsing.error is None, parsing.error
    return list(parsing.requests)


def refusal(*pieces: bytes) -> str:
    """Return the status with which pieces of bytes are refused."""
    parsing = parser()
    for piece in pieces:
        parsing.feed(piece)
    assert not parsing.requests
    assert parsing.error
    return parsing.error.status[:3]


def bodies(requests: list[Request]) -> list[bytes]:
    return [request.environ["wsgi.input"].read() for request in requests]


def test_it_is_a_wsgi_environment() -> None:
    [request] = parse(POST)
    environ = request.environ
    assert environ["REQUEST_METHOD"] == "POST"
    assert environ["PATH_INFO"] == "/msgs/Roger Histand"
    assert environ["QUERY_STRING"] == "latest=7&no=a%20b"
    assert environ["CONTENT_TYPE"] == "application/json"
    assert environ["CONTENT_LENGTH"] == "4"
    assert environ["wsgi.url_scheme"] == "https"
    assert (environ["SERVER_PORT"], environ["REMOTE_ADDR"]) == ("8000", "10.0.0.9")
    assert environ["wsgi.input"].read() == b"body"
    # In WSGI it would have the name of X-Real.
    assert "HTTP_X_REAL" not in environ
    assert request.keeps_alive


@given(cuts=st.lists(st.integers(0, len(POST + CHUNKED))))
def test_the_cuts_between_the_pieces_do_not_matter(cuts: list[int]) -> None:
    both = POST + CHUNKED
    ends = sorted({0, *cuts, len(both)})
    found = parse(*(both[a:b] for a, b in pairwise(ends)))
    assert bodies(found) == [b"body", b"body"]
    assert [r.environ["PATH_INFO"] for r in found] == [
        "/msgs/Roger Histand",
        "/register",
    ]


@pytest.mark.parametrize(
    ("line", "keeps_alive"),
    [
        (b"HTTP/1.1\r\nHost: a", True),
        (b"HTTP/1.1\r\nHost: a\r\nConnection: close", False),
        (b"HTTP/1.0", False),
        (b"HTTP/1.0\r\nConnection: keep-alive", True),
    ],
)
def test_the_client_says_whether_the_connection_is_kept(
    line: bytes, keeps_alive: bool
) -> None:
    [request] = parse(b"GET / " + line + b"\r\n\r\n")
    assert request.keeps_alive == keeps_alive


@pytest.mark.parametrize(
    ("target", "path", "query", "host"),
    [
        (b"/", "/", "", "a"),
        (b"//a/b", "//a/b", "", "a"),
        (b"/a?b?c#d", "/a", "b?c", "a"),
        (b"/%C3%A6", "/\xc3\xa6", "", "a"),
        (b"*", "*", "", "a"),
        (b"http://b.example/latest?x", "/latest", "x", "b.example"),
        (b"HTTP://b.example:81", "/", "", "b.example:81"),
        (b"http://b.example?x=/", "/", "x=/", "b.example"),
        (b"http://[::1]:81/", "/", "", "[::1]:81"),
    ],
)
def test_target_forms(target: bytes, path: str, query: str, host: str) -> None:
    [request] = parse(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    environ = request.environ
    assert (environ["PATH_INFO"], environ["QUERY_STRING"]) == (path, query)
    assert environ["HTTP_HOST"] == host


METHODS = [b"BREW", b"get", b"M-X", b"GETX", b"P", b"PROPFIND", b"!#$%&'*+.^_`|~0aZ"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("before", [b"", b"\r\n"])
def test_an_unknown_method_keeps_its_name_however_it_is_cut(
    method: bytes, before: bytes
) -> None:
    raw = before + method + b" / HTTP/1.1\r\nHost: a\r\n\r\n"
    for cut in range(1, len(before + method) + 2):
        [request] = parse(raw[:cut], raw[cut:])
        assert request.environ["REQUEST_METHOD"] == method.decode()


def test_an_unknown_method_does_not_stick_to_the_connection() -> None:
    parsing = parser()
    for method in (b"BREW", b"GET", b"DELETE"):
        parsing.feed(method + b" / HTTP/1.1\r\nHost: a\r\n\r\n")
        request = parsing.requests.popleft()
        assert request.environ["REQUEST_METHOD"] == method.decode()


@pytest.mark.parametrize(
    ("name", "values", "joined"),
    [
        ("Cookie", ["a=1", "b=2", "c=3"], "a=1; b=2; c=3"),
        ("cookie", ["a=1; b=2", "c=3"], "a=1; b=2; c=3"),
        ("Accept", ["text/html", "*/*"], "text/html,*/*"),
        ("X-Forwarded-For", ["1.1.1.1", "2.2.2.2"], "1.1.1.1,2.2.2.2"),
    ],
)
def test_repeated_headers(name: str, values: list[str], joined: str) -> None:
    lines = "".join(f"{name}: {value}\r\n" for value in values)
    [request] = parse(b"GET / HTTP/1.1\r\nHost: a\r\n" + lines.encode() + b"\r\n")
    key = "HTTP_" + name.upper().replace("-", "_")
    assert request.environ[key] == joined


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET a HTTP/1.1\r\nHost: a\r\n\r\n",
        b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"M" * 33 + b" / HTTP/1.1\r\nHost: a\r\n\r\n",
        # Versions
        b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/0.9\r\n\r\n",
        b"GET /\r\n\r\n",
        # Lines
        b"GET / HTTP/1.1\r\nA : b\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\nHost: a\n\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
        # Host
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \xc3\xa6\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http://u@b/ HTTP/1.1\r\nHost: a\r\n\r\n",
        # Framing
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: +1\r\n\r\na",
        HEAD + b"Content-Length: x\r\n\r\n",
        HEAD + b"Content-Length: \r\n\r\n",
        HEAD + b"Content-Length: 1, 1\r\n\r\na",
        HEAD + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\na",
        HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
        HEAD + b"Transfer-Encoding: identity\r\n\r\n",
        HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n0\r\n\r\n",
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        CHUNKED_HEAD + b"zz\r\n",
        CHUNKED_HEAD + b"-1\r\n",
        CHUNKED_HEAD + b"2 \r\nab\r\n",
        CHUNKED_HEAD + b"2\r\nabc\r\n",
        CHUNKED_HEAD + b"2\nab\n",
        CHUNKED_HEAD + b"ffffffffffffffffff\r\n",
    ],
)
def test_what_is_not_http_is_refused(raw: bytes) -> None:
    assert refusal(raw) == "400"


def test_requests_before_a_refused_one_are_answered() -> None:
    parsing = parser()
    parsing.feed(POST + CHUNKED + b"nonsense\r\n\r\n" + POST)
    parsing.feed(POST)
    assert bodies(list(parsing.requests)) == [b"body", b"body"]
    assert parsing.error
    assert parsing.error.status.startswith("400")


@pytest.mark.parametrize("rest", [b"\r\n", b"nonsense\r\n", POST])
def test_what_follows_the_last_request_is_ignored(rest: bytes) -> None:
    last = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    for pieces in ((last + rest,), (last, rest)):
        [request] = parse(*pieces)
        assert not request.keeps_alive


@pytest.mark.parametrize(
    "headers",
    [
        b"X: " + b"y" * 60_000 + b"\r\n",
        b"".join(b"X-%d: y\r\n" % number for number in range(5000)),
        b"X: y\r\n" * 10_000,
        b"X_Y: z\r\n" * 5_000,
        b"X" * 60_000 + b": y\r\n",
    ],
    ids=["one value", "many names", "one name", "dropped names", "a long name"],
)
@pytest.mark.parametrize("size", [100_000, 4096, 7])
def test_a_large_head_is_refused_in_pieces_of_any_size(
    headers: bytes, size: int
) -> None:
    raw = b"GET / HTTP/1.1\r\nHost: a\r\n" + headers + b"\r\n"
    pieces = [raw[at : at + size] for at in range(0, len(raw), size)]
    assert refusal(*pieces) == "431"


def test_a_large_target_is_refused() -> None:
    assert refusal(b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n") == "431"


def test_a_head_after_a_body_in_one_piece_is_not_counted_with_it() -> None:
    body = b"!" * 40_000
    first = HEAD + b"Content-Length: 40000\r\n\r\n" + body
    found = parse(first[:1000], first[1000:] + POST[:20], POST[20:])
    assert bodies(found) == [body, b"body"]


@pytest.mark.parametrize("method", [b"POST", b"GET", b"BREW"])
@pytest.mark.parametrize("protocol", [b"websocket", b"h2c", b"TLS/1.0"])
def test_an_upgrade_is_ignored(method: bytes, protocol: bytes) -> None:
    head = method + b" / HTTP/1.1\r\nHost: a\r\n"
    upgrade = b"Connection: Upgrade\r\nUpgrade: " + protocol + b"\r\n"
    raw = head + upgrade + b"\r\n"
    for cut in range(1, len(raw)):
        found = parse(raw[:cut], raw[cut:] + raw, POST)
        assert bodies(found) == [b"", b"", b"body"]
        assert all(request.keeps_alive for request in found)
        assert [r.environ["REQUEST_METHOD"] for r in found[:2]] == [method.decode()] * 2


@pytest.mark.parametrize(
    "framed",
    [
        b"Content-Length: 4\r\n\r\nbody",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\nX: y\r\n\r\n",
    ],
)
def test_the_body_of_an_upgrade_is_not_taken_for_a_request(framed: bytes) -> None:
    raw = HEAD + b"Connection: Upgrade\r\nUpgrade: h2c\r\n" + framed
    for cut in range(1, len(raw)):
        [request] = parse(raw[:cut], raw[cut:] + b"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
        assert request.environ["wsgi.input"].read() == b"body"
        assert not request.keeps_alive


@pytest.mark.parametrize("framed", [b"", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"])
def test_an_upgrade_with_a_large_body_is_left_to_the_application(framed: bytes) -> None:
    length = b"Content-Length: %d\r\n\r\n" % (MAX_BODY + 1)
    raw = HEAD + b"Connection: Upgrade\r\nUpgrade: h2c\r\n" + length
    for cut in range(1, len(raw)):
        [request] = parse(raw[:cut], raw[cut:] + framed)
        assert not request.keeps_alive


def test_the_body_of_a_connect_is_not_taken_for_a_request() -> None:
    hidden = b"GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
    connect = b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
    raw = connect % len(hidden) + hidden
    # By itself it is refused: its target is no path.
    assert refusal(raw) == "400"
    assert bodies(parse(POST + raw)) == [b"body", hidden]


@pytest.mark.parametrize(
    "following",
    [
        b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        HEAD + b"Host: b\r\n\r\n",
        b"nonsense",
    ],
)
def test_what_follows_the_last_request_is_not_looked_at(following: bytes) -> None:
    too_large = CHUNKED_HEAD + b"%x\r\n" % (MAX_BODY + 1) + b"!" * (MAX_BODY + 1)
    last = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    for raw in (too_large + b"\r\n0\r\n\r\n", last):
        for size in (2048, 100_000):
            sent = raw + following
            pieces = [sent[at : at + size] for at in range(0, len(sent), size)]
            [request] = parse(*pieces)
            assert not request.keeps_alive


@pytest.mark.parametrize(("version", "expects"), [(b"1.1", True), (b"1.0", False)])
def test_http_1_0_expects_no_interim_response(version: bytes, expects: bool) -> None:
    parsing = parser()
    head = b"POST / HTTP/" + version + b"\r\nHost: a\r\nContent-Length: 4\r\n"
    parsing.feed(head + b"Expect: 100-continue\r\n\r\n")
    assert parsing.expects_continue is expects


def test_trailers_are_dropped() -> None:
    raw = CHUNKED_HEAD + b"2\r\nab\r\n0\r\nAuthorization: x\r\nHost: b\r\n\r\n"
    for cut in range(1, len(raw)):
        [request] = parse(raw[:cut], raw[cut:])
        assert "HTTP_AUTHORIZATION" not in request.environ
        assert request.environ["HTTP_HOST"] == "a"
        assert request.keeps_alive


@pytest.mark.parametrize(
    "rest",
    [
        b"0\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
        b"0\r\nX: " + b"y" * 60_000 + b"\r\n\r\n",
        b"1;" + b"x" * 60_000 + b"\r\n!\r\n0\r\n\r\n",
        b"1;x=" + b"y" * 60 + b"\r\n!\r\n",
    ],
    ids=["trailers", "a trailer", "chunk extension", "chunk extensions"],
)
@pytest.mark.parametrize("size", [100_000, 4096, 7])
def test_what_stands_beside_a_body_is_limited(rest: bytes, size: int) -> None:
    raw = CHUNKED_HEAD + (rest * 1000 if len(rest) < 1000 else rest)
    pieces = [raw[at : at + size] for at in range(0, len(raw), size)]
    assert refusal(*pieces) == "431"


def test_a_body_in_chunks_of_a_byte_is_no_attack() -> None:
    raw = CHUNKED_HEAD + b"1\r\n!\r\n" * 20_000 + b"0\r\n\r\n"
    pieces = [raw[at : at + 4096] for at in range(0, len(raw), 4096)]
    assert bodies(parse(*pieces)) == [b"!" * 20_000]


@pytest.mark.parametrize("size", [100_000, 4096])
def test_a_body_that_is_too_large_is_not_awaited(size: int) -> None:
    raw = HEAD + b"Content-Length: 99999999\r\n\r\n" + b"!" * 60_000
    [declared] = parse(*(raw[at : at + size] for at in range(0, len(raw), size)))
    assert not declared.keeps_alive
    assert declared.environ["wsgi.input"].read() == b""
    raw = CHUNKED_HEAD + (b"ffff\r\n" + b"!" * 0xFFFF + b"\r\n") * 3
    [chunked] = parse(*(raw[at : at + size] for at in range(0, len(raw), size)))
    assert not chunked.keeps_alive
    assert len(chunked.environ["wsgi.input"].read()) > MAX_BODY


@pytest.mark.parametrize(
    "rest",
    [
        b"HTTP/1.0\r\n\r\n",
        b"HTTP/1.0\r\nHost: 10.0.0.1:8000\r\n\r\n",
        b"HTTP/1.1\r\nHost: 10.0.0.1:8000\r\n\r\n",
    ],
)
def test_a_request_without_a_host_shows_no_address(rest: bytes) -> None:
    for request in parse(b"GET / " + rest):
        assert request.environ["HTTP_HOST"] == "localhost"
        assert request.environ["SERVER_NAME"] == "localhost"


def test_it_knows_whether_a_request_has_begun() -> None:
    parsing = parser()
    for cut in range(1, len(POST)):
        assert not parsing.is_mid_request
        parsing.feed(POST[:cut])
        assert parsing.is_mid_request
        parsing.feed(POST[cut:])
    assert not parsing.is_mid_request


@pytest.mark.parametrize("cut", range(1, len(POST)))
def test_a_request_that_breaks_off_is_refused(cut: int) -> None:
    parsing = parser()
    parsing.feed(POST[:cut])
    parsing.feed_eof()
    assert parsing.error
    assert parsing.error.status.startswith("400")


def test_names_of_headers_do_not_fill_the_memory() -> None:
    parsing = parser()
    for number in range(3000):
        line = b"X-%d: y\r\n%s: z\r\n" % (number, b"Y" * 1000 + b"%d" % number)
        parsing.feed(b"GET / HTTP/1.1\r\nHost: a\r\n" + line + b"\r\n")
        parsing.requests.clear()
    assert len(ENVIRON_KEYS) <= 1024
    assert max(map(len, ENVIRON_KEYS)) <= 64


def test_a_mistake_in_a_callback_is_not_a_bad_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(request_parser, "split_target", lambda _url: 1 // 0)
    with pytest.raises(httptools.HttpParserCallbackError) as failure:
        parser().feed(POST)
    assert isinstance(failure.value.__context__, ZeroDivisionError)
