"""Servers that receive telemetry and decode its wire formats."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from tests.serving import served
from tests.tools.inbox import Inbox, InboxServer


@dataclass(frozen=True)
class Span:
    """A received span."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, Any]


@dataclass(frozen=True)
class LogRecord:
    """A received log record."""

    resource: dict[str, Any]
    body: Any
    severity: str
    trace_id: str
    attributes: dict[str, Any]


@dataclass
class Receiver(Inbox):
    """The requests of a server, decoded."""

    url: str = ""

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

    def trace(self, trace_id: str) -> dict[str, Span]:
        """Return the spans of a trace by their names."""
        return {span.name: span for span in self.spans() if span.trace_id == trace_id}

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

    def sentry_events_of(self, trace_id: str) -> list[dict[str, Any]]:
        """Return the events of a trace."""
        return [e for e in self.sentry_events() if e["tags"]["trace_id"] == trace_id]

    def alerts(self, title: str) -> list[str]:
        """Return the texts of the chat messages with a title."""
        return [attachment["text"] for attachment in self.attachments(title)]

    def attachments(self, title: str) -> list[dict[str, Any]]:
        """Return the chat messages with a title, in Slack's format."""
        return [
            attachment
            for message in self.messages()
            for attachment in message.get("attachments", ())
            if attachment["title"] == title
        ]

    def messages(self) -> list[dict[str, Any]]:
        """Return the JSON that was posted, whatever the path."""
        return [json.loads(body) for _, body in list(self.requests)]


@contextmanager
def receiving(address: str = "127.0.0.1", answer: str = "") -> Iterator[Receiver]:
    """Serve on a free port until the block ends."""
    receiver = Receiver(answer=answer)
    with served(InboxServer((address, 0), receiver)) as receiver.url:
        yield receiver


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    return getattr(value, kind) if kind else None
