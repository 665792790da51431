"""Answers as bytes: framed right, whatever the function returns."""

import pytest

from minitwit.server.request_parser import Request
from minitwit.server.responses import Answer, refusal

DATE = "Wed, 25 Nov 2026 00:00:00 GMT"


def answered(
    method: str, status: str, headers: list[tuple[str, str]], *chunks: bytes
) -> tuple[list[bytes], bytes]:
    """Return the lines of an answer's head, and its body."""
    answer = Answer(Request({"REQUEST_METHOD": method}, True), closes=False)
    answer.start(status, headers)
    head, _, body = answer.bytes(chunks, DATE).partition(b"\r\n\r\n")
    return head.split(b"\r\n"), body


def test_a_body_has_a_length() -> None:
    head, body = answered("GET", "200 OK", [("X", "y")], b"a", b"b")
    assert head == [
        b"HTTP/1.1 200 OK",
        b"Date: " + DATE.encode(),
        b"Connection: keep-alive",
        b"X: y",
        b"Content-Length: 2",
    ]
    assert body == b"ab"


def test_head_has_the_length_and_no_body() -> None:
    head, body = answered("HEAD", "200 OK", [("content-length", "7")])
    assert head[-1] == b"content-length: 7"
    assert body == b""


def test_no_content_is_no_body_and_no_length() -> None:
    head, body = answered("POST", "204 No Content", [], b"")
    assert not [line for line in head if line.lower().startswith(b"content-length")]
    assert body == b""


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x", "a\nb", "a\rb"])
def test_no_header_smuggles_another(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        answered("GET", "200 OK", [("X", value)])


@pytest.mark.parametrize("closes", [True, False])
def test_the_connection_ends_when_either_side_says_so(closes: bool) -> None:
    answer = Answer(Request({"REQUEST_METHOD": "GET"}, True), closes)
    answer.start("200 OK", [])
    assert answer.keeps_alive is not closes
    assert (b"Connection: close" in answer.bytes([], DATE)) is closes


def test_a_refusal_has_the_shape_of_every_error() -> None:
    answer = refusal("400 Bad Request", "This is no HTTP request.", DATE)
    assert answer.endswith(b'{"status":400,"error_msg":"This is no HTTP request."}')
    assert b"Connection: close" in answer
