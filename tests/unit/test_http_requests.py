"""Requests out of bytes, however the bytes are cut, and what is refused."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitwit.server.request_parser import (
    MAX_BODY,
    MalformedRequest,
    Request,
    Requests,
    connection_environ,
)

POST = (
    b"POST /msgs/Roger%20Histand?latest=7&no=a%20b#x HTTP/1.1\r\nHost: a\r\n"
    b"Content-Type: application/json\r\nContent-Length: 4\r\n"
    b"X-Forwarded-Proto: https\r\nCookie: a=1\r\nCookie: b=2\r\nX_Real: no\r\n\r\nbody"
)
CHUNKED = (
    b"POST /register HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n"
)


def requests() -> Requests:
    return Requests(connection_environ(("10.0.0.9", 4711), ("10.0.0.1", 8000)))


def read(*pieces: bytes) -> list[Request]:
    """Return the requests that pieces of bytes make."""
    reader = requests()
    for piece in pieces:
        reader.feed(piece)
    return list(reader.complete)


def test_it_is_a_wsgi_environment() -> None:
    [request] = read(POST)
    environ = request.environ
    assert environ["REQUEST_METHOD"] == "POST"
    assert environ["PATH_INFO"] == "/msgs/Roger Histand"
    assert environ["QUERY_STRING"] == "latest=7&no=a%20b"
    assert environ["CONTENT_TYPE"] == "application/json"
    assert environ["CONTENT_LENGTH"] == "4"
    assert environ["HTTP_COOKIE"] == "a=1,b=2"
    assert environ["wsgi.url_scheme"] == "https"
    assert (environ["SERVER_PORT"], environ["REMOTE_ADDR"]) == ("8000", "10.0.0.9")
    assert environ["wsgi.input"].read() == b"body"
    # In WSGI it could not be told from X-Real.
    assert "HTTP_X_REAL" not in environ
    assert request.keeps_alive


@given(cuts=st.lists(st.integers(0, len(POST + CHUNKED))))
def test_the_cuts_between_the_pieces_do_not_matter(cuts: list[int]) -> None:
    both = POST + CHUNKED
    ends = sorted({0, *cuts, len(both)})
    found = read(*(both[a:b] for a, b in pairwise(ends)))
    assert [r.environ["wsgi.input"].read() for r in found] == [b"body", b"body"]
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
    [request] = read(b"GET / " + line + b"\r\n\r\n")
    assert request.keeps_alive == keeps_alive


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/", "/"),
        (b"//a/b", "//a/b"),
        (b"http://a.example/latest?x", "/latest"),
        (b"http://a.example", "/"),
        (b"/%C3%A6", "/\xc3\xa6"),
        (b"*", "*"),
    ],
)
def test_a_target_may_be_written_in_several_ways(target: bytes, path: str) -> None:
    [request] = read(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    assert request.environ["PATH_INFO"] == path


@pytest.mark.parametrize("method", [b"BREW", b"get", b"M-X"])
def test_a_method_that_nobody_knows_is_for_the_function_to_refuse(
    method: bytes,
) -> None:
    [request] = read(method + b" / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert request.environ["REQUEST_METHOD"] == "PURGE"


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nA : b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_http_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedRequest) as refusal:
        read(raw)
    assert refusal.value.status.startswith("400")


def test_a_head_without_an_end_is_refused() -> None:
    reader = requests()
    reader.feed(b"GET / HTTP/1.1\r\n")
    with pytest.raises(MalformedRequest) as refusal:
        for number in range(5000):
            reader.feed(b"X-%d: y\r\n" % number)
    assert refusal.value.status.startswith("431")


def test_a_body_that_is_too_large_is_not_waited_for() -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\n"
    [declared] = read(head + b"Content-Length: 99999999\r\n\r\n", b"!" * 999)
    assert not declared.keeps_alive
    assert declared.environ["wsgi.input"].read() == b""
    chunk = b"ffff\r\n" + b"!" * 0xFFFF + b"\r\n"
    [chunked] = read(head + b"Transfer-Encoding: chunked\r\n\r\n", chunk, chunk)
    assert not chunked.keeps_alive
    assert len(chunked.environ["wsgi.input"].read()) > MAX_BODY


def test_it_knows_whether_a_request_has_begun() -> None:
    reader = requests()
    assert not reader.is_amid_one
    reader.feed(POST[:-2])
    assert reader.is_amid_one
    reader.feed(POST[-2:])
    assert not reader.is_amid_one
