"""Answers as they go out: from what a WSGI application returns to bytes."""

from collections.abc import Callable, Iterable, Sequence

import orjson

from minitwit.server.request_parser import Request

_BODILESS = ("204", "304")


class Answer:
    """The answer to a request, as the bytes that go out.

    Args:
        request: that is answered.
        closes: whether the connection ends with it, whatever the client wants.

    """

    def __init__(self, request: Request, closes: bool) -> None:
        self.keeps_alive = request.keeps_alive and not closes
        self._has_no_body = request.environ["REQUEST_METHOD"] == "HEAD"
        self._status = ""
        self._headers: Sequence[tuple[str, str]] = ()

    def start(
        self, status: str, headers: list[tuple[str, str]], _exc_info: object = None
    ) -> Callable[[bytes], object]:
        """Take the status and the headers, as WSGI's start_response does."""
        self._status, self._headers = status, headers
        return _refuse_to_write

    def bytes(self, chunks: Iterable[bytes], date: str) -> bytes:
        """Return the whole answer."""
        body = b"".join(chunks)
        return _answer(
            self._status,
            self._headers,
            body,
            date,
            keeps_alive=self.keeps_alive,
            has_no_body=self._has_no_body,
        )


def refusal(status: str, message: str, date: str) -> bytes:
    """Return an error that no function has answered; the connection ends with it."""
    body = orjson.dumps({"status": int(status[:3]), "error_msg": message})
    headers = [("Content-Type", "application/json")]
    return _answer(status, headers, body, date, keeps_alive=False)


def _answer(
    status: str,
    headers: Sequence[tuple[str, str]],
    body: bytes,
    date: str,
    keeps_alive: bool,
    has_no_body: bool = False,
) -> bytes:
    names_length = False
    lines = ""
    for name, value in headers:
        lines += f"{name}: {value}\r\n"
        names_length = names_length or name.lower() == "content-length"
    if lines.count("\n") != len(headers) or lines.count("\r") != len(headers):
        raise ValueError("a header holds a line break")
    if status.startswith(_BODILESS):
        body = b""
    elif not names_length:
        lines += f"Content-Length: {len(body)}\r\n"
    connection = "keep-alive" if keeps_alive else "close"
    head = (
        f"HTTP/1.1 {status}\r\nDate: {date}\r\nConnection: {connection}\r\n{lines}\r\n"
    ).encode("latin-1")
    return head if has_no_body else head + body


def _refuse_to_write(_data: bytes) -> object:
    raise NotImplementedError("answer by returning the body")
