"""HTTP server that records the requests it receives, with the standard library alone.

Run as a program it is the whole of a stand-in's image: `python3 inbox.py PORT`. The
recorded bodies that contain some bytes are then read at /kept?containing=HEX.
"""

import base64
import gzip
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Kibana's, when it has imported everything.
IMPORTED = (200, '{"success":true,"successCount":7}')


@dataclass
class Inbox:
    """The requests of a server, and how it answers: by path, or all in one way."""

    status: int = 200
    answer: str = ""
    answers: dict[str, tuple[int, str]] = field(
        default_factory=lambda: {"/api/saved_objects/_import": IMPORTED}
    )
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    refused: int = 0


class InboxServer(ThreadingHTTPServer):
    """Records requests in an inbox."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], inbox: Inbox) -> None:
        super().__init__(address, _Handler)
        self.inbox = inbox


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: InboxServer

    def do_POST(self) -> None:
        inbox = self.server.inbox
        body, path = self._body(), self.path.split("?")[0]
        status, answer = inbox.answers.get(path, (inbox.status, inbox.answer))
        if status < 300:
            inbox.requests.append((path, body))
        else:
            inbox.refused += 1
        of_request = self.headers.get("Content-Type", "")
        kind = "text/plain" if answer == inbox.answer != "" else of_request
        self._answer(status, kind, answer.encode())

    do_PUT = do_POST

    def do_GET(self) -> None:
        """Answer health checks, or return or count what was recorded."""
        path, _, query = self.path.partition("?")
        if path == "/kept":
            wanted = bytes.fromhex(query.removeprefix("containing="))
            self._answer(200, "text/plain", self._kept(wanted).encode())
        elif path.endswith("-*/_count"):
            # Elasticsearch's answer to the query trace_id:HEX.
            kept = self._kept(bytes.fromhex(query.partition(":")[2])).splitlines()
            signal = f"/v1{path.removesuffix('-*/_count')} "
            found = sum(signal in line for line in kept)
            self._answer(200, "application/json", f'{{"count":{found}}}'.encode())
        else:
            status, answer = self.server.inbox.answers.get(path, (200, ""))
            self._answer(status, "text/plain", answer.encode())

    do_HEAD = do_GET

    def log_message(self, *_args: object) -> None:
        """Write nothing."""

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
