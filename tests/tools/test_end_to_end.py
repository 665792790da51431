"""One request in traces, logs, metrics and error reports."""

import json
from secrets import token_hex
from typing import Any

import pytest

from tests.tools.docker_logs import write
from tests.tools.following import (
    SPANS_OF_A_MESSAGE,
    check_the_trace_of_a_message,
    traced,
)
from tests.tools.observed import REVISION, VERSION, Observed
from tests.waiting import wait_until


def lines_of(observed: Observed, trace_id: str) -> list[dict[str, Any]]:
    """Return the lines that the functions wrote in a trace."""
    return [
        line
        for file in (observed.system.folder / "logs").glob("*-[0-9].log")
        for text in file.read_text().splitlines()
        if text.startswith("{") and trace_id in text
        if (line := json.loads(text))["trace_id"] == trace_id
    ]


def test_a_trace_leads_from_the_edge_through_the_function_to_the_query(
    observed: Observed, user: str
) -> None:
    trace_id = token_hex(16)
    answer = observed.call_in_trace(
        trace_id, "POST", f"/msgs/{user}", json={"content": "hi"}
    )
    assert answer.status_code == 204
    trace = observed.elasticsearch.trace
    wait_until(lambda: SPANS_OF_A_MESSAGE <= trace(trace_id).keys())
    check_the_trace_of_a_message(trace(trace_id))


def test_a_histogram_leads_to_the_trace(observed: Observed, user: str) -> None:
    trace_id = token_hex(16)
    observed.call_in_trace(trace_id, "GET", f"/fllws/{user}")
    series = 'minitwit_request_duration_seconds_bucket{route="/fllws/{username}"}'
    wait_until(
        lambda: (
            trace_id
            in [e["labels"]["trace_id"] for e in observed.prometheus.exemplars(series)]
        )
    )


@pytest.mark.usefixtures("broken_messages")
def test_an_unexpected_exception_is_reported_with_its_trace_and_nothing_private(
    observed: Observed, user: str
) -> None:
    trace_id = token_hex(16)
    answer = observed.call_in_trace(
        trace_id,
        "POST",
        f"/msgs/{user}?latest=5",
        json={"content": "a private thought"},
        headers={"Cookie": "session=a-secret"},
    )
    assert answer.status_code == 500
    wait_until(lambda: observed.sentry.sentry_events_of(trace_id))
    [event] = observed.sentry.sentry_events_of(trace_id)
    assert event["release"] == VERSION
    assert event["tags"]["function"] == "messages"
    assert event["tags"]["route"] == "/msgs/{username}"
    assert event["exception"]["values"][-1]["type"] == "DatabaseError"
    text = json.dumps(event)
    for private in (user, "private thought", "a-secret", "super_safe", "c2ltdWxhd"):
        assert private not in text
    [line] = lines_of(observed, trace_id)
    assert (line["level"], line["function"]) == ("ERROR", "messages")
    assert line["version"] == VERSION
    assert "private thought" not in line["exception"]
    assert "SQLSTATE P0001" in line["exception"]
    # What Docker would have written, had the function run in a container.
    write(observed.containers / "messages-json.log", json.dumps(line), {})
    wait_until(
        lambda: trace_id in [r.trace_id for r in observed.elasticsearch.log_records()]
    )
    wait_until(
        lambda: "POST /msgs/{username}" in observed.elasticsearch.trace(trace_id)
    )


def test_the_edges_access_log_has_the_trace(observed: Observed) -> None:
    trace_id = token_hex(16)
    observed.call_in_trace(trace_id, "GET", "/latest")
    log = observed.system.folder / "logs" / "access.log"

    def lines() -> list[dict[str, Any]]:
        return [json.loads(line) for line in log.read_text().splitlines()]

    wait_until(lambda: trace_id in [line.get("TraceId") for line in lines()])


def test_every_replica_says_which_version_it_runs(observed: Observed) -> None:
    series = observed.prometheus.query("minitwit_build_info")
    assert len(series) == len(observed.system.replicas)
    assert {s["metric"]["version"] for s in series} == {VERSION}
    assert {s["metric"]["revision"] for s in series} == {REVISION}


def test_a_clients_own_trace_is_none_here(observed: Observed) -> None:
    own = token_hex(16)
    log = observed.system.folder / "logs" / "access.log"
    before = len(log.read_text().splitlines())
    answer = observed.call("GET", "/msgs?no=1&secret=typed", headers=traced(own))
    assert answer.status_code == 200
    wait_until(lambda: len(log.read_text().splitlines()) > before)
    [line] = log.read_text().splitlines()[before:]
    assert json.loads(line)["TraceId"] != own
    assert json.loads(line)["RequestPath"] == "/msgs"
    trace = json.loads(line)["TraceId"]
    wait_until(lambda: "GET /msgs" in observed.elasticsearch.trace(trace))
    assert not observed.elasticsearch.trace(own)
    assert "typed" not in str(observed.elasticsearch.trace(trace))
