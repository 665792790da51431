"""Servers that take what telemetry sends and read its real wire format."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue


@dataclass(frozen=True)
class Span:
    """A span as it arrived."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, Any]


@dataclass(frozen=True)
class LogRecord:
    """A line of a log as it arrived."""

    resource: dict[str, Any]
    body: Any
    severity: str
    trace_id: str
    attributes: dict[str, Any]


@dataclass
class Receiver:
    """What came in at a server that answers every POST with `status`."""

    url: str = ""
    status: int = 200
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    refused: int = 0

    def bodies(self, ending: str) -> list[bytes]:
        """Return the bodies that were posted to paths with this ending."""
        return [body for path, body in list(self.requests) if path.endswith(ending)]

    def spans(self) -> list[Span]:
        """Return the spans in what was posted to /v1/traces."""
        return [
            Span(
                _attributes(resource.resource.attributes).get("service.name", ""),
                span.name,
                span.trace_id.hex(),
                span.span_id.hex(),
                span.parent_span_id.hex(),
                _attributes(span.attributes),
            )
            for body in self.bodies("/v1/traces")
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def log_records(self) -> list[LogRecord]:
        """Return the lines in what was posted to /v1/logs."""
        return [
            LogRecord(
                _attributes(resource.resource.attributes),
                _value(record.body),
                record.severity_text,
                record.trace_id.hex(),
                _attributes(record.attributes),
            )
            for body in self.bodies("/v1/logs")
            for resource in ExportLogsServiceRequest.FromString(body).resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    def sentry_events(self) -> list[dict[str, Any]]:
        """Return the events in Sentry's envelopes: a header, then pairs of lines."""
        events: list[dict[str, Any]] = []
        for body in self.bodies("/envelope/"):
            lines = body.splitlines()[1:]
            pairs = zip(lines[::2], lines[1::2], strict=False)
            events += [
                json.loads(payload)
                for header, payload in pairs
                if json.loads(header)["type"] == "event"
            ]
        return events

    def messages(self) -> list[dict[str, Any]]:
        """Return the JSON that was posted, whatever the path."""
        return [json.loads(body) for _, body in list(self.requests)]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Serve on a free port until the block ends."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.receiver = Receiver(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.receiver
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: Receiver


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        receiver = self.server.receiver
        body = self._body()
        if receiver.status < 300:
            receiver.requests.append((self.path.split("?")[0], body))
        else:
            receiver.refused += 1
        self.send_response(receiver.status)
        self.send_header("Content-Type", self.headers.get("Content-Type", ""))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Say nothing."""

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


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    return getattr(value, kind) if kind else None
