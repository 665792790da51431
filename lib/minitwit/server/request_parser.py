"""HTTP/1.1 request parser: turns a client's bytes into WSGI environments (PEP 3333).

httptools (llhttp, in C) does the parsing. What is here limits sizes, ignores upgrades,
and refuses what RFC 9112 has a server refuse although llhttp accepts it.
"""

from collections import deque
from io import BytesIO
from types import SimpleNamespace
from typing import NoReturn

import httptools

from minitwit.server.methods import with_known_method
from minitwit.server.request import (
    ENVIRON_KEYS,
    HOST,
    SERVER_NAME,
    Environ,
    ProtocolError,
    Request,
    split_target,
)

MAX_BODY = 64 * 1024  # bytes
MAX_HEAD = 32 * 1024  # bytes of a request's line, headers and trailers

# Bytes of chunk headers for each byte of a body: as many as a chunk of one byte has.
_CHUNK_OVERHEAD = 8

_CHUNKED = "Transfer-Encoding: chunked"
_COMMON_BEGINNINGS = (b"GET /", b"POST /")


class RequestParser:
    """Parses the requests of one connection.

    Args:
        connection: what the WSGI environments of all of them have in common.
        address: of the server's socket, as host:port. A proxy sends it in place of a
            Host header that its client did not send.

    """

    def __init__(self, connection: Environ, address: str) -> None:
        self.requests: deque[Request] = deque()
        self.error: ProtocolError | None = None  # What comes after `requests`.
        self.expects_continue = False
        self._connection = connection
        self._address = address
        self._parser = httptools.HttpRequestParser(self)
        self._environ: Environ | None = None
        self._held = b""  # The beginning of a method.
        self._method: str | None = None  # In place of the parser's.
        self._host = ""  # Of the last request, which was valid.
        self._url = b""
        self._body: list[bytes] = []
        self._body_size = self._overhead = 0
        self._keeps_alive = False
        self._is_in_body = self._has_body_after_upgrade = self._is_finished = False

    @property
    def is_mid_request(self) -> bool:
        """Say whether a request has begun to arrive."""
        return self._environ is not None or bool(self._held)

    def feed(self, data: bytes) -> None:
        """Parse what the client sent, into `requests` and perhaps `error`."""
        if self._is_finished:
            return
        if self._environ is None:
            if self._held or not data.startswith(_COMMON_BEGINNINGS):
                data = self._begin(data)
            self._overhead = 0
        self._overhead += len(data)
        complete = len(self.requests)
        try:
            self._parse(data)
        except httptools.HttpParserCallbackError:
            if not self.error:
                raise  # A bug of ours.
        except httptools.HttpParserError:
            part = "chunks" if self._is_in_body else "head"
            self._fail("400 Bad Request", f"The {part} of the request is malformed.")
        if self._overhead > MAX_HEAD:
            self._limit_overhead(len(self.requests) - complete)

    def _limit_overhead(self, complete: int) -> None:
        """Refuse a request with too much beside its body: head, trailers, chunks."""
        if complete + self.is_mid_request > 1:
            self._overhead = 0  # Of several requests it is unknown which one's it is.
        elif self._overhead > MAX_HEAD + _CHUNK_OVERHEAD * self._body_size:
            if complete:
                self.requests.pop()
            self._environ = None
            self._is_finished = True
            self.error = ProtocolError(
                "431 Request Header Fields Too Large",
                f"Send at most {MAX_HEAD} bytes of headers.",
            )

    def feed_eof(self) -> None:
        """Parse the end of what the client sends."""
        if self.is_mid_request:
            self._fail("400 Bad Request", "The request broke off.")
        self._is_finished = True

    def _parse(self, data: bytes) -> None:
        while data and not self._is_finished:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                # The server ignores upgrades (RFC 9110, 7.8), the parser does not.
                data = self._continue_after_upgrade(data[upgrade.args[0] :])
            else:
                return

    def _continue_after_upgrade(self, rest: bytes) -> bytes:
        if not self._has_body_after_upgrade:
            self._parser = httptools.HttpRequestParser(self)
            return self._begin(rest)
        # The parser took the body for the other protocol. A second parser reads it, and
        # the connection ends with the request.
        self._has_body_after_upgrade = False
        assert self._environ is not None  # noqa: S101
        length = self._environ.get("CONTENT_LENGTH")
        framing = f"Content-Length: {length}" if length else _CHUNKED
        self._parser = httptools.HttpRequestParser(
            SimpleNamespace(
                on_header=self.on_header,
                on_body=self.on_body,
                on_message_complete=self.on_message_complete,
            )
        )
        self._parser.feed_data(f"POST / HTTP/1.1\r\n{framing}\r\n\r\n".encode())
        return rest

    def _fail(self, status: str, message: str) -> None:
        if not self._is_finished:
            self._is_finished = True
            self.error = ProtocolError(status, message)

    def _refuse(self, status: str, message: str) -> NoReturn:
        """Fail in a callback: an exception makes the parser stop."""
        self._fail(status, message)
        raise ProtocolError(status, message)

    # ---- Callbacks of the parser

    def on_message_begin(self) -> None:
        """Begin a request, unless it comes after the last one that is answered."""
        if self._is_finished:
            return
        self._environ = self._connection.copy()
        self._url, self._body = b"", []
        self._body_size = 0
        self._is_in_body = False

    def on_url(self, url: bytes) -> None:
        """Add the target, or a part of it."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header, but not a trailer: it would pass for a checked header."""
        key = ENVIRON_KEYS[name]
        if key is None or self._is_in_body or self._environ is None:
            return
        text = value.decode("latin-1")
        before = self._environ.get(key)
        self._environ[key] = text if before is None else self._joined(key, before, text)

    def on_headers_complete(self) -> None:
        """Complete the environment, and refuse what cannot be answered."""
        environ, parser = self._environ, self._parser
        if environ is None:
            return
        self._is_in_body = True
        host, environ["PATH_INFO"], environ["QUERY_STRING"] = split_target(self._url)
        if host is not None:
            environ["HTTP_HOST"] = host  # RFC 9112, 3.2.2
        self._check_version(environ, parser.get_http_version())
        method = self._method or parser.get_method().decode("latin-1")
        environ["REQUEST_METHOD"] = method
        self._method = None
        if environ.get("HTTP_X_FORWARDED_PROTO") == "https":
            environ["wsgi.url_scheme"] = "https"
        self._keeps_alive = parser.should_keep_alive()
        self._expect_body(environ)

    def _check_version(self, environ: Environ, version: str) -> None:
        """Refuse what this version of HTTP does not allow."""
        if version not in ("1.1", "1.0"):
            self._refuse("400 Bad Request", "Use HTTP/1.1.")
        environ["SERVER_PROTOCOL"] = f"HTTP/{version}"
        host = environ.get("HTTP_HOST")
        if host == self._address or (host is None and version == "1.0"):
            # The address must not show up in links.
            environ["HTTP_HOST"] = SERVER_NAME
        elif host != self._host:
            if host is None or not HOST.fullmatch(host):
                self._refuse("400 Bad Request", "Send a valid Host header.")
            self._host = host
        coding = environ.get("HTTP_TRANSFER_ENCODING")
        if coding is not None and (coding.lower() != "chunked" or version == "1.0"):
            self._refuse("400 Bad Request", "Use no transfer coding but chunked.")

    def _expect_body(self, environ: Environ) -> None:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > MAX_BODY:
            self._finish(keeps_alive=False)  # For the application to refuse.
            return
        if environ["SERVER_PROTOCOL"] != "HTTP/1.0":  # RFC 9110, 10.1.1
            expected = environ.get("HTTP_EXPECT", "").lower()
            self.expects_continue = expected == "100-continue"
        # A CONNECT comes here as it is where it follows a request in the same piece.
        is_connect = environ["REQUEST_METHOD"] == "CONNECT"
        if (is_connect or "HTTP_UPGRADE" in environ) and self._parser.should_upgrade():
            is_chunked = "HTTP_TRANSFER_ENCODING" in environ
            self._has_body_after_upgrade = is_chunked or length > 0
            self._keeps_alive &= not self._has_body_after_upgrade

    def on_body(self, data: bytes) -> None:
        """Add a piece of the body."""
        self._overhead -= len(data)
        if self._is_finished:
            return
        self._body.append(data)
        self._body_size += len(data)
        if self._body_size > MAX_BODY:
            self._finish(keeps_alive=False)

    def on_message_complete(self) -> None:
        """End a request."""
        if not (self._is_finished or self._has_body_after_upgrade):
            self._finish(self._keeps_alive)

    def _finish(self, keeps_alive: bool) -> None:
        environ = self._environ
        assert environ is not None  # noqa: S101
        environ["wsgi.input"] = BytesIO(b"".join(self._body))
        self.requests.append(Request(environ, keeps_alive))
        self._environ = None
        self._is_finished = not keeps_alive
        self.expects_continue = False

    # ---- Start line and headers

    def _begin(self, data: bytes) -> bytes:
        """Return the beginning of a request with a method that the parser knows."""
        data = (self._held + data).lstrip(b"\r\n")
        known = with_known_method(data)
        if known is None:
            self._held = data
            return b""
        self._held = b""
        data, self._method = known
        return data

    def _joined(self, key: str, before: str, text: str) -> str:
        """Return a repeated header as one."""
        if key == "HTTP_HOST":
            self._refuse("400 Bad Request", "Send one Host header.")
        # Cookies are no list (RFC 9113, 8.2.3); the others are (RFC 9110, 5.3).
        return f"{before}; {text}" if key == "HTTP_COOKIE" else f"{before},{text}"
