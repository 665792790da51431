"""A MiniTwit of a few lines behind a real socket, for what speaks HTTP to one."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


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
    """Keeps the contract's rules as far as the simulator can tell."""

    requests: list[Request] = field(default_factory=list)
    users: set[str] = field(default_factory=set)
    latest: int = -1

    def __post_init__(self) -> None:
        """Let one thread in at a time."""
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


@contextmanager
def serving(answer: Callable[[Request], Answer]) -> Iterator[str]:
    """Serve what the function answers, on a free port; give the URL."""

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

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
