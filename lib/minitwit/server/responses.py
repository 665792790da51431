"""HTTP/1.1 responses: turns what a WSGI application returns into bytes."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from minitwit.server.request import Request

_BODILESS = ("204", "304")
_TEMPORARY = ("429", "503")
_RETRY_AFTER = "2"  # seconds


class Response:
    """The response to a request. It is sent as a whole, so it is kept as a whole.

    Args:
        request: that is answered.
        closes: whether the connection ends with it, whatever the client prefers.

    """

    def __init__(self, request: Request, closes: bool) -> None:
        self.keeps_alive = request.keeps_alive and not closes
        self._is_head = request.environ["REQUEST_METHOD"] == "HEAD"
        self._status = ""
        self._headers: Sequence[tuple[str, str]] = ()
        self._written: list[bytes] = []

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        """Take the status and the headers: WSGI's start_response."""
        if self._status and exc_info is None:
            raise AssertionError("start_response was called twice")
        self._status, self._headers = status, headers
        return self._written.append

    def serialize(self, chunks: Iterable[bytes], date: str) -> bytes:
        """Return the whole response, given what the application returned."""
        try:
            body = b"".join(chunks)
        finally:
            if close := getattr(chunks, "close", None):
                close()
        if not self._status:
            raise AssertionError("start_response was not called")
        if self._written:
            body = b"".join(self._written) + body
        return _serialize(
            self._status, self._headers, body, date, self.keeps_alive, self._is_head
        )


def error_response(status: str, message: str, date: str, method: str = "") -> bytes:
    """Return an error that no application has answered; it ends the connection.

    Args:
        status: of the response.
        message: what happened, and what to do.
        date: in the format of HTTP.
        method: of the request, if it is known; the response to HEAD has no body.

    """
    error = {"status": int(status[:3]), "error_msg": message}
    body = json.dumps(error, separators=(",", ":")).encode()
    headers = [("Content-Type", "application/json")]
    if status.startswith(_TEMPORARY):
        headers.append(("Retry-After", _RETRY_AFTER))
    is_head = method == "HEAD"
    return _serialize(status, headers, body, date, keeps_alive=False, is_head=is_head)


def _serialize(
    status: str,
    headers: Sequence[tuple[str, str]],
    body: bytes,
    date: str,
    keeps_alive: bool,
    is_head: bool = False,
) -> bytes:
    length = None
    lines = ""
    for name, value in headers:
        lines += f"{name}: {value}\r\n"
        if length is None and name.lower() == "content-length":
            length = value
    if lines.count("\n") != len(headers) or lines.count("\r") != len(headers):
        raise ValueError("a header holds a line break")
    if status.startswith(_BODILESS):
        body = b""
    elif length is None:
        lines += f"Content-Length: {len(body)}\r\n"
    elif length != str(len(body)) and not is_head:
        # The client would take the rest for the next response, or wait for it.
        raise ValueError(f"a body of {len(body)} bytes has Content-Length {length}")
    connection = "keep-alive" if keeps_alive else "close"
    head = (
        f"HTTP/1.1 {status}\r\nDate: {date}\r\nConnection: {connection}\r\n{lines}\r\n"
    ).encode("latin-1")
    return head if is_head else head + body
