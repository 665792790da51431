"""Requests as they come in: from a client's bytes to WSGI environments.

httptools parses (llhttp, in C); what it refuses, and what is longer than anybody needs,
is told as a MalformedRequest.
"""

import re
import sys
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

import httptools

MAX_BODY = 64 * 1024  # bytes
_MAX_HEAD = 32 * 1024  # bytes of a request's line and headers

# llhttp knows a list of methods, whereas anybody may invent one (RFC 9110, 9.1). All
# but these are the same to us: a method that the function refuses with a 405.
_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+(?= )")
_KNOWN_METHODS = frozenset(
    (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE")
)
_ANOTHER_METHOD = b"PURGE"

Environ = dict[str, Any]


class MalformedRequest(Exception):
    """The client does not speak HTTP as we do.

    Args:
        status: to answer.
        message: what is wrong.

    """

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """A request that has arrived in full, or is too large to be waited for."""

    environ: Environ
    keeps_alive: bool


class Requests:
    """Reads the requests of one connection.

    Args:
        connection: what the WSGI environments of all of them have in common.

    """

    def __init__(self, connection: Environ) -> None:
        self.complete: deque[Request] = deque()
        self.wants_continue = False
        self._connection = connection
        self._parser = httptools.HttpRequestParser(self)
        self._environ: Environ | None = None
        self._url = b""
        self._body: list[bytes] = []
        self._head_size = self._body_size = 0
        self._is_in_body = self._is_over = False

    @property
    def is_amid_one(self) -> bool:
        """Say whether a request has begun to arrive."""
        return self._environ is not None

    def feed(self, data: bytes) -> None:
        """Take in what the client sent.

        Raises:
            MalformedRequest: nothing that comes after this can be understood.

        """
        if self._is_over:
            return
        if not self.is_amid_one:
            data = _with_known_method(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._is_over = True  # It was answered in HTTP/1.1; nothing else is spoken.
        except httptools.HttpParserError:
            self._is_over = True
            raise MalformedRequest(
                "400 Bad Request",
                "The body broke off, or its chunks are malformed."
                if self._is_in_body
                else "This is no HTTP request.",
            ) from None
        if self.is_amid_one and not self._is_in_body:
            self._count_head(len(data))

    def _count_head(self, size: int) -> None:
        self._head_size += size
        if self._head_size > _MAX_HEAD:
            self._is_over = True
            raise MalformedRequest(
                "431 Request Header Fields Too Large",
                f"Send at most {_MAX_HEAD} bytes of headers.",
            )

    # ---- What the parser calls

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._environ = self._connection.copy()
        self._url, self._body = b"", []
        self._head_size = self._body_size = 0
        self._is_in_body = False

    def on_url(self, url: bytes) -> None:
        """Take in the target, or a part of it."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a header; a repeated one is a list, as RFC 9110, 5.3 has it."""
        key = _environ_key(name)
        if key is None or self._environ is None:
            return
        text = value.decode("latin-1")
        before = self._environ.get(key)
        self._environ[key] = text if before is None else f"{before},{text}"

    def on_headers_complete(self) -> None:
        """Complete the environment as far as the head says what is in it."""
        environ = self._environ
        assert environ is not None  # noqa: S101
        self._is_in_body = True
        path, query = _split(self._url)
        environ["REQUEST_METHOD"] = self._parser.get_method().decode("latin-1")
        environ["SERVER_PROTOCOL"] = f"HTTP/{self._parser.get_http_version()}"
        environ["PATH_INFO"] = path
        environ["QUERY_STRING"] = query
        if environ.get("HTTP_X_FORWARDED_PROTO") == "https":
            environ["wsgi.url_scheme"] = "https"
        self.wants_continue = environ.get("HTTP_EXPECT", "").lower() == "100-continue"
        if int(environ.get("CONTENT_LENGTH") or 0) > MAX_BODY:
            self._give_up_on_body()

    def on_body(self, data: bytes) -> None:
        """Take in a piece of the body."""
        if self._is_over:
            return
        self._body.append(data)
        self._body_size += len(data)
        if self._body_size > MAX_BODY:
            self._give_up_on_body()

    def on_message_complete(self) -> None:
        """End a request."""
        if not self._is_over:
            self._finish(self._parser.should_keep_alive())

    def _give_up_on_body(self) -> None:
        """Let the function refuse what is too large before it has arrived."""
        self._is_over = True
        self._finish(keeps_alive=False)

    def _finish(self, keeps_alive: bool) -> None:
        environ = self._environ
        assert environ is not None  # noqa: S101
        environ["wsgi.input"] = BytesIO(b"".join(self._body))
        self.complete.append(Request(environ, keeps_alive))
        self._environ = None
        self.wants_continue = False


def connection_environ(client: tuple[str, int], server: tuple[str, int]) -> Environ:
    """Return what the requests of a connection have in common, for WSGI."""
    return {
        "SCRIPT_NAME": "",
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }


def _with_known_method(data: bytes) -> bytes:
    method = data.partition(b" ")[0]
    if method in _KNOWN_METHODS or not _METHOD.match(data):
        return data
    return _ANOTHER_METHOD + data[len(method) :]


@lru_cache(maxsize=1024)
def _environ_key(name: bytes) -> str | None:
    """Return a header's name in WSGI; None for one that could pass for another's."""
    if b"_" in name:
        return None
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def _split(url: bytes) -> tuple[str, str]:
    """Return the decoded path and the query of a request's target."""
    if not url.startswith(b"/"):
        url = _without_origin(url)
    path, _, query = url.partition(b"#")[0].partition(b"?")
    if b"%" in path:
        path = unquote_to_bytes(path)
    return path.decode("latin-1"), query.decode("latin-1")


def _without_origin(url: bytes) -> bytes:
    if b"://" not in url:
        return url  # "*", or the host and port of a CONNECT.
    rest = url.partition(b"://")[2]
    return rest[len(rest.partition(b"/")[0]) :] or b"/"
