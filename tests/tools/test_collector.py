"""The collector on our configuration: sampling, log parsing, limits and retries."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from secrets import token_bytes

import httpx
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from tests.tools.collector import Collector, running_collector
from tests.tools.docker_logs import service, write
from tests.tools.receivers import Receiver, receiving
from tests.tools.rules_files import alerts
from tests.waiting import wait_until

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
# Elasticsearch's http.max_protobuf_content_length; above it the answer is 413.
MAX_CONTENT_LENGTH = 8 * 1024 * 1024


@pytest.fixture
def elasticsearch() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def gateway(elasticsearch: Receiver, tmp_path: Path) -> Iterator[Collector]:
    environment = {
        "ELASTICSEARCH_URL": elasticsearch.url,
        "TAIL_SAMPLING_WAIT": "500ms",
        "TRACE_SHARE": "0",
    }
    with running_collector("gateway", tmp_path, environment) as collector:
        yield collector


def send(collector: Collector, name: str, milliseconds: int, failed: bool) -> None:
    """Send a trace of one span."""
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.name = name
    span.trace_id, span.span_id = token_bytes(16), token_bytes(8)
    span.start_time_unix_nano = time.time_ns()
    span.end_time_unix_nano = span.start_time_unix_nano + milliseconds * 1_000_000
    if failed:
        span.status.code = Status.STATUS_CODE_ERROR
    httpx.post(
        f"{collector.otlp}/v1/traces",
        content=request.SerializeToString(),
        headers={"Content-Type": "application/x-protobuf"},
    ).raise_for_status()


def send_logs(collector: Collector, lines: list[str]) -> None:
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    for line in lines:
        records.add().body.string_value = line
    httpx.post(
        f"{collector.otlp}/v1/logs",
        content=request.SerializeToString(),
        headers={"Content-Type": "application/x-protobuf"},
    ).raise_for_status()


def names(elasticsearch: Receiver) -> set[str]:
    return {span.name for span in elasticsearch.spans()}


def test_errors_and_slow_requests_are_sampled_and_docker_api_polling_is_not(
    gateway: Collector, elasticsearch: Receiver
) -> None:
    for _ in range(20):
        send(gateway, "fine", milliseconds=5, failed=False)
    send(gateway, "failed", milliseconds=5, failed=True)
    send(gateway, "slow", milliseconds=150, failed=False)
    send(gateway, "GET /v1.41/tasks", milliseconds=150, failed=False)
    wait_until(lambda: len(names(elasticsearch)) >= 2)
    wait_until(
        lambda: (
            gateway.counters()["otelcol_processor_tail_sampling_count_traces_sampled"]
            > 0
        )
    )
    assert names(elasticsearch) == {"failed", "slow"}


def test_nothing_is_lost_while_elasticsearch_restarts(
    gateway: Collector, elasticsearch: Receiver
) -> None:
    elasticsearch.status = 503
    send(gateway, "meanwhile", milliseconds=5, failed=True)
    wait_until(lambda: elasticsearch.refused)
    assert not names(elasticsearch)
    elasticsearch.status = 200
    wait_until(lambda: names(elasticsearch) == {"meanwhile"})


def test_container_logs_arrive_as_fields_with_their_trace(
    gateway: Collector, elasticsearch: Receiver, tmp_path: Path
) -> None:
    logs = tmp_path / "containers"
    logs.mkdir()
    of_function = {
        "time": "2026-11-24T07:00:00+0000",
        "level": "WARNING",
        "message": "storage unavailable",
        "function": "messages",
        "version": "1.2.3",
        "trace_id": TRACE,
        "span_id": SPAN,
    }
    of_edge = {"level": "info", "TraceId": TRACE, "SpanId": SPAN, "RouterName": "x"}
    write(logs / "a-json.log", json.dumps(of_function), {})
    write(logs / "b-json.log", json.dumps(of_edge), service("edge_traefik"))
    write(logs / "c-json.log", "LOG:  checkpoint starting", service("data_postgres"))
    environment = {
        "CONTAINER_LOGS": f"{logs}/*-json.log",
        "GATEWAY_URL": gateway.otlp,
        "STORAGE": str(tmp_path / "storage"),
        "NODE_NAME": "application-1",
    }
    with running_collector("agent", tmp_path, environment):
        wait_until(lambda: len(elasticsearch.log_records()) == 3)
    records = {r.resource["service.name"]: r for r in elasticsearch.log_records()}
    line = records["messages"]
    assert (line.body, line.severity) == ("storage unavailable", "WARNING")
    assert line.trace_id == TRACE
    assert line.resource["service.version"] == "1.2.3"
    assert line.resource["host.name"] == "application-1"
    assert records["edge_traefik"].trace_id == TRACE
    assert records["edge_traefik"].attributes["RouterName"] == "x"
    assert records["data_postgres"].body == "LOG:  checkpoint starting"


def test_what_elasticsearch_refuses_is_counted_in_the_metric_of_the_alert(
    gateway: Collector, elasticsearch: Receiver
) -> None:
    elasticsearch.status = 400
    send(gateway, "refused", milliseconds=5, failed=True)
    wait_until(lambda: gateway.counters().get("otelcol_exporter_send_failed_spans"))
    expression = alerts()["CollectorDropsTelemetry"]["expr"]
    pattern = re.search('__name__=~"(.+?)"', expression)
    assert pattern
    assert re.fullmatch(pattern[1], "otelcol_exporter_send_failed_spans_total")


def test_a_request_to_elasticsearch_stays_below_its_limit(
    gateway: Collector, elasticsearch: Receiver
) -> None:
    """A burst of long lines was one request, refused and not sent again."""
    bursts, lines = 3, [f"{number:5}" * 2000 for number in range(1000)]
    for _ in range(bursts):
        send_logs(gateway, lines)
    wait_until(lambda: len(elasticsearch.log_records()) == bursts * len(lines))
    sizes = [len(body) for body in elasticsearch.bodies("/v1/logs")]
    assert max(sizes) < MAX_CONTENT_LENGTH


def test_a_request_of_the_agent_stays_below_the_gateways_limit(
    tmp_path: Path, elasticsearch: Receiver
) -> None:
    """What the gateway refuses as too large is not sent again either."""
    logs = tmp_path / "containers"
    logs.mkdir()
    with (logs / "a-json.log").open("w") as file:
        for _ in range(3000):
            file.write(json.dumps({"log": "x" * 16_000 + "\n"}) + "\n")
    environment = {
        "CONTAINER_LOGS": f"{logs}/*-json.log",
        "GATEWAY_URL": elasticsearch.url,
        "STORAGE": str(tmp_path / "storage"),
    }
    with running_collector("agent", tmp_path, environment):
        wait_until(lambda: len(elasticsearch.log_records()) == 3000)
    sizes = [len(body) for body in elasticsearch.bodies("/v1/logs")]
    assert max(sizes) < 20 * 1024 * 1024


def test_what_elasticsearch_rejects_in_part_is_counted_for_the_alert(
    gateway: Collector, elasticsearch: Receiver, tmp_path: Path
) -> None:
    """It answers 200, and the exporter only writes a line to its log."""
    answer = ExportLogsServiceResponse()
    answer.partial_success.rejected_log_records = 1
    answer.partial_success.error_message = "failed to parse field [attributes.port]"
    path = "/_otlp/v1/logs"
    elasticsearch.answers[path] = (200, answer.SerializeToString().decode())
    send_logs(gateway, ["a line"])
    log = tmp_path / "gateway.log"
    rejection = "Partial success response"
    wait_until(lambda: rejection in log.read_text())
    [line] = [text for text in log.read_text().splitlines() if rejection in text]
    del elasticsearch.answers[path]
    logs = tmp_path / "containers"
    logs.mkdir()
    write(logs / "a-json.log", line, service("tools_collector"))
    environment = {
        "CONTAINER_LOGS": f"{logs}/*-json.log",
        "GATEWAY_URL": gateway.otlp,
        "STORAGE": str(tmp_path / "storage"),
    }
    metric = re.search(r"otelcol_processor_\w+", alerts()["TelemetryRejected"]["expr"])
    assert metric
    with running_collector("agent", tmp_path, environment):
        wait_until(
            lambda: gateway.counters().get(metric[0].removesuffix("_total")),
            lambda: str(gateway.counters()),
        )
    # The line itself is kept, with the reason.
    wait_until(lambda: len(elasticsearch.log_records()) == 2)
    assert "attributes.port" in str(elasticsearch.log_records()[-1].body)
