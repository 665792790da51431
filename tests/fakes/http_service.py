"""A fake MiniTwit on a real socket, for tests of HTTP clients."""

import json
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.serving import served


@dataclass(frozen=True)
class Request:
    """A request as it arrived."""

    method: str
    target: str  # as it was sent: path, query and escapes
    headers: dict[str, str]
    fields: dict[str, Any]


Answer = tuple[int, bytes]


@dataclass
class FakeMiniTwit:
    """Follows the contract as far as the simulator checks it."""

    requests: list[Request] = field(default_factory=list)
    users: set[str] = field(default_factory=set)
    latest: int = -1

    def __post_init__(self) -> None:
        """Make the lock that serializes requests."""
        self._lock = Lock()

    def __call__(self, request: Request) -> Answer:
        """Answer a request."""
        with self._lock:
            self.requests.append(request)
            return self._answer(request)

    def _answer(self, request: Request) -> Answer:
        url = urlsplit(request.target)
        if request.method == "GET":
            return 200, json.dumps({"latest": self.latest}).encode()
        self.latest = int(parse_qs(url.query)["latest"][0])
        _, endpoint, *names = unquote(url.path).split("/")
        if endpoint == "register":
            return self._register(request.fields["username"])
        names += [
            request.fields[k] for k in ("follow", "unfollow") if k in request.fields
        ]
        return (204, b"") if self.users.issuperset(names) else (404, _error("unknown"))

    def _register(self, username: str) -> Answer:
        if username in self.users:
            return 400, _error("The username is already taken")
        self.users.add(username)
        return 204, b""


def _error(message: str) -> bytes:
    return json.dumps({"error_msg": message}).encode()


class _Server(ThreadingHTTPServer):
    # With the usual five, a burst of connections waits a second to be accepted.
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Print what went wrong, unless the client has hung up."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def serving(
    answer: Callable[[Request], Answer], certificate: Path | None = None
) -> Iterator[str]:
    """Serve a function's answers on a free port, and yield the URL.

    Args:
        answer: returns the response to a request.
        certificate: of localhost with its key, to serve HTTPS.

    """

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            fields = json.loads(self.rfile.read(length) or b"{}")
            status, body = answer(
                Request(self.command, self.path, dict(self.headers), fields)
            )
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = handle_one

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with served(server) as url:
        if certificate:
            # It has a name, and not an address.
            url = url.replace("http://127.0.0.1", "https://localhost")
        yield url
