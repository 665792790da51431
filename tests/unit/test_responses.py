"""Responses as bytes: framed right, whatever the application returns."""

from collections.abc import Iterator

import pytest

from minitwit.server.request import Request
from minitwit.server.responses import Response, error_response

DATE = "Wed, 25 Nov 2026 00:00:00 GMT"


def sent(
    method: str, status: str, headers: list[tuple[str, str]], *chunks: bytes
) -> tuple[list[bytes], bytes]:
    """Return the lines of a response's head, and its body."""
    response = Response(Request({"REQUEST_METHOD": method}, True), closes=False)
    response.start(status, headers)
    head, _, body = response.serialize(chunks, DATE).partition(b"\r\n\r\n")
    return head.split(b"\r\n"), body


def test_a_body_has_a_length() -> None:
    head, body = sent("GET", "200 OK", [("X", "y")], b"a", b"b")
    assert head == [
        b"HTTP/1.1 200 OK",
        b"Date: " + DATE.encode(),
        b"Connection: keep-alive",
        b"X: y",
        b"Content-Length: 2",
    ]
    assert body == b"ab"


def test_head_has_the_length_and_no_body() -> None:
    head, body = sent("HEAD", "200 OK", [("content-length", "7")])
    assert head[-1] == b"content-length: 7"
    assert body == b""


def test_no_content_is_no_body_and_no_length() -> None:
    head, body = sent("POST", "204 No Content", [], b"")
    assert not [line for line in head if line.lower().startswith(b"content-length")]
    assert body == b""


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x", "a\nb", "a\rb"])
def test_no_header_smuggles_another(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        sent("GET", "200 OK", [("X", value)])


@pytest.mark.parametrize("closes", [True, False])
def test_the_connection_ends_when_either_side_says_so(closes: bool) -> None:
    response = Response(Request({"REQUEST_METHOD": "GET"}, True), closes)
    response.start("200 OK", [])
    assert response.keeps_alive is not closes
    assert (b"Connection: close" in response.serialize([], DATE)) is closes


def test_an_error_of_the_server_has_the_shape_of_every_error() -> None:
    response = error_response("400 Bad Request", "This is no HTTP request.", DATE)
    assert response.endswith(b'{"status":400,"error_msg":"This is no HTTP request."}')
    assert b"Connection: close" in response


@pytest.mark.parametrize(
    ("status", "retry"),
    [
        ("500 Internal Server Error", False),
        ("503 Service Unavailable", True),
        ("429 Too Many Requests", True),
    ],
)
def test_an_error_of_the_server_has_no_body_for_head(status: str, retry: bool) -> None:
    head, _, body = error_response(status, "x", DATE, "HEAD").partition(b"\r\n\r\n")
    assert body == b""
    assert b"Content-Length: " in head
    assert (b"Retry-After: 2" in head) is retry


class Chunks:
    """What an application may return: an iterable that has to be closed."""

    def __init__(self, *chunks: bytes, fails: bool = False) -> None:
        self.is_closed = False
        self._chunks = chunks
        self._fails = fails

    def __iter__(self) -> Iterator[bytes]:
        """Yield the chunks, and perhaps fail."""
        yield from self._chunks
        if self._fails:
            raise ZeroDivisionError

    def close(self) -> None:
        """Free what the iterable holds."""
        self.is_closed = True


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_the_application_returns_is_closed(method: str) -> None:
    response = Response(Request({"REQUEST_METHOD": method}, True), closes=False)
    response.start("200 OK", [])
    chunks = Chunks(b"a", b"b")
    response.serialize(chunks, DATE)
    assert chunks.is_closed


def test_what_the_application_returns_is_closed_when_it_fails() -> None:
    response = Response(Request({"REQUEST_METHOD": "GET"}, True), closes=False)
    response.start("200 OK", [])
    chunks = Chunks(b"a", fails=True)
    with pytest.raises(ZeroDivisionError):
        response.serialize(chunks, DATE)
    assert chunks.is_closed


def test_start_response_may_be_called_by_the_iterator_and_returns_write() -> None:
    response = Response(Request({"REQUEST_METHOD": "GET"}, True), closes=False)

    def application() -> Iterator[bytes]:
        write = response.start("200 OK", [])
        write(b"a")
        yield b"b"

    assert response.serialize(application(), DATE).endswith(b"\r\n\r\nab")


def test_a_failure_replaces_a_response_that_was_started() -> None:
    response = Response(Request({"REQUEST_METHOD": "GET"}, True), closes=False)
    response.start("200 OK", [])
    with pytest.raises(AssertionError, match="twice"):
        response.start("200 OK", [])
    response.start("500 Oops", [], (ValueError, ValueError(), None))
    assert response.serialize([], DATE).startswith(b"HTTP/1.1 500 Oops\r\n")


def test_an_application_has_to_start_a_response() -> None:
    response = Response(Request({"REQUEST_METHOD": "GET"}, True), closes=False)
    with pytest.raises(AssertionError, match="not called"):
        response.serialize([b"a"], DATE)


@pytest.mark.parametrize("length", ["1", "3", "x"])
def test_a_wrong_length_is_an_error(length: str) -> None:
    with pytest.raises(ValueError, match="Content-Length"):
        sent("GET", "200 OK", [("Content-Length", length)], b"ab")
