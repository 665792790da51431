"""A server that keeps what it is sent, made of nothing but the standard library.

Run as a program it is the whole of a stand-in's image: `python3 inbox.py PORT`. What it
has kept that contains some bytes is then read at /kept?containing=HEX.
"""

import base64
import gzip
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Inbox:
    """What came in at a server that answers every POST and PUT in one way."""

    status: int = 200
    answer: str = ""
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    refused: int = 0


class InboxServer(ThreadingHTTPServer):
    """Puts what it is sent into an inbox."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], inbox: Inbox) -> None:
        super().__init__(address, _Handler)
        self.inbox = inbox


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: InboxServer

    def do_POST(self) -> None:
        inbox = self.server.inbox
        body = self._body()
        if inbox.status < 300:
            inbox.requests.append((self.path.split("?")[0], body))
        else:
            inbox.refused += 1
        kind = self.headers.get("Content-Type", "")
        if inbox.answer:
            self._answer(inbox.status, "text/plain", inbox.answer.encode())
        else:
            self._answer(inbox.status, kind)

    do_PUT = do_POST

    def do_GET(self) -> None:
        """Say that all is well, which is what health checks ask, or what was kept."""
        path, _, wanted = self.path.partition("?containing=")
        kept = self._kept(bytes.fromhex(wanted)) if path == "/kept" else ""
        self._answer(200, "text/plain", kept.encode())

    do_HEAD = do_GET

    def log_message(self, *_args: object) -> None:
        """Say nothing."""

    def _kept(self, wanted: bytes) -> str:
        return "".join(
            f"{path} {base64.b64encode(body).decode()}\n"
            for path, body in list(self.server.inbox.requests)
            if wanted in body
        )

    def _answer(self, status: int, kind: str, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b"".join(self._chunks())
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Encoding") == "gzip":
            return gzip.decompress(body)
        return body

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()


if __name__ == "__main__":
    InboxServer(("", int(sys.argv[1])), Inbox()).serve_forever()
