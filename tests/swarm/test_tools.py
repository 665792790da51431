"""Monitoring of an installation: metrics, traces, logs and alerts about losses.

Elasticsearch, Kibana and Grafana are stand-ins that keep what they are sent.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from urllib.parse import quote

import httpx
import yaml

from tests.swarm import load
from tests.swarm.handbook import ROOT
from tests.swarm.installation import Installation
from tests.swarm.outside import DOMAIN, OPERATOR, RUNBOOKS
from tests.swarm.servers import change_places
from tests.swarm.watching import elasticsearch, fresh, kibana, prometheus
from tests.tools.following import (
    BREAK_MESSAGES,
    MEND_MESSAGES,
    SPANS_OF_A_MESSAGE,
    check_the_trace_of_a_message,
    traced,
)
from tests.tools.receivers import LogRecord
from tests.waiting import wait_until

TOOLS = ROOT / "deploy" / "tools"
REPLICAS = 8
NODES = 2
SERVERS = 2  # of PostgreSQL
EXPORTERS = ("tools_postgres-exporter", "tools_standby-exporter")

# Slower than is promised, so the collector keeps the trace.
SLOW_MESSAGES = (
    """
    CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_sleep(0.2); RETURN NEW; END $$
    """,
    "CREATE TRIGGER dawdle BEFORE INSERT ON messages "
    "FOR EACH ROW EXECUTE FUNCTION dawdle()",
)
HURRY_MESSAGES = "DROP FUNCTION dawdle CASCADE"


def test_prometheus_sees_every_replica_and_every_tool(swarm: Installation) -> None:
    """Each job has the targets that Swarm's DNS returns, all of them up."""
    seen = prometheus(swarm)
    file = TOOLS / "prometheus" / "prometheus.yml"
    jobs = yaml.safe_load(file.read_text())["scrape_configs"]
    counts = {job["job_name"]: 1 for job in jobs}
    counts |= {"functions": REPLICAS, "nodes": NODES, "collector-agents": NODES}
    counts |= {"postgres": SERVERS, "patroni": SERVERS}

    def up() -> dict[str, float]:
        series = seen.query(f"sum by (job) ({fresh('up')})")
        return {s["metric"]["job"]: float(s["value"][1]) for s in series}

    wait_until(lambda: up() == counts, lambda: f"{counts} to be up, not {up()}", 90)
    assert set().union(*seen.targets().values()) == {"up"}

    def versions() -> list[str]:
        replicas = seen.query(fresh("minitwit_build_info"))
        return [replica["metric"]["version"] for replica in replicas]

    # A replica that was just replaced still has a fresh sample.
    one_each = REPLICAS * [swarm.versions.first]
    wait_until(
        lambda: versions() == one_each, lambda: f"{one_each}, not {versions()}", 90
    )
    # It asks only when it is scraped, and an earlier test may have stopped the server.
    wait_until(
        lambda: seen.value(f"sum({fresh('pg_up')})") == SERVERS,
        lambda: f"PostgreSQL to be up\n{swarm.explain(*EXPORTERS)}",
        90,
    )
    assert len(seen.query(fresh("minitwit_primary_up"))) == 1
    wait_for_users(swarm)


def test_a_request_is_followed_from_the_edge_to_its_query(swarm: Installation) -> None:
    """Its trace, its line in the edge's log and its dot in the histogram are one."""
    trace_id = token_hex(16)
    with _changed(swarm, SLOW_MESSAGES, HURRY_MESSAGES):
        assert _post(swarm, trace_id) == 204
    sent = time.monotonic()
    _wait_for_the_trace(swarm, trace_id)
    swarm.measured(
        f"from a slow request to its trace in Elasticsearch (a stand-in): "
        f"{time.monotonic() - sent:.0f} s"
    )
    line = _line_of(swarm, trace_id, "edge_traefik")
    assert line.attributes["RouterName"] == "newtrace-messages@swarm"
    assert line.resource["host.name"] == swarm.application.hostname
    series = 'minitwit_request_duration_seconds_bucket{route="/msgs/{username}"}'
    wait_until(
        lambda: (
            trace_id
            in [
                exemplar["labels"]["trace_id"]
                for exemplar in prometheus(swarm).exemplars(series)
            ]
        ),
        "the exemplar",
    )


def test_an_unexpected_exception_is_reported_with_its_release_and_trace(
    swarm: Installation,
) -> None:
    """Sentry gets an event, the log a line, and both have the trace that is kept."""
    trace_id = token_hex(16)
    with _changed(swarm, BREAK_MESSAGES, MEND_MESSAGES):
        assert _post(swarm, trace_id) == 500
    sentry = swarm.outside.sentry
    wait_until(lambda: sentry.sentry_events_of(trace_id), "the event in Sentry")
    [event] = sentry.sentry_events_of(trace_id)
    assert event["release"] == swarm.versions.first
    assert event["environment"] == "production"
    assert event["tags"]["function"] == "messages"
    line = _line_of(swarm, trace_id, "messages")
    assert line.severity == "ERROR"
    assert line.resource["service.version"] == swarm.versions.first
    assert "SQLSTATE P0001" in line.attributes["exception"]
    for text in (json.dumps(event), json.dumps(line.attributes)):
        assert "a private thought" not in text
    _wait_for_the_trace(swarm, trace_id)


def test_a_lost_replica_fires_an_alert_in_the_chat(swarm: Installation) -> None:
    """Its node takes no new task, so it is not replaced: alerted within two minutes.

    tests/tools shows without a Swarm that the alert is resolved as well.
    """
    service, title = "minitwit_follow", "ReplicaMissing"
    chat, node = swarm.outside.chat, swarm.application
    swarm.operate(f"docker node update --availability pause {node.hostname}")
    try:
        node.docker("kill", swarm.containers(service)[0])
        lost = time.monotonic()
        wait_until(
            lambda: _of_follow(chat.alerts(f"FIRING (warning): {title}")),
            lambda: f"the alert\n{prometheus(swarm).query('ALERTS')}",
            150,
        )
        seconds = time.monotonic() - lost
    finally:
        swarm.operate(f"docker node update --availability active {node.hostname}")
        swarm.settle(service)
    swarm.measured(f"a lost replica: alert in the chat after {seconds:.0f} s")
    [text] = _of_follow(chat.alerts(f"FIRING (warning): {title}"))
    assert "follow runs with 1 replicas" in text
    assert f"What to do: {RUNBOOKS}/ReplicaMissing.md" in text
    assert seconds <= 120


def test_the_dead_mans_switch_is_pressed(swarm: Installation) -> None:
    """Watchdog reaches the external monitor, and not the chat."""
    switch = swarm.outside.dead_mans_switch
    wait_until(lambda: switch.bodies("/ping"), "the dead man's switch", 120)
    [alert] = switch.messages()[-1]["alerts"]
    assert alert["labels"]["alertname"] == "Watchdog"
    assert not swarm.outside.chat.alerts("FIRING (none): Watchdog")


def test_elasticsearch_and_kibana_are_provisioned(
    swarm: Installation,
) -> None:
    """The job that provisions them runs to its end, also once more.

    The stand-ins lose what they received when an earlier test restarts them.
    """
    retention = TOOLS / "elasticsearch" / "retention.json"
    objects = TOOLS / "elasticsearch" / "saved_objects.ndjson"
    swarm.follow("Provision the tools again")
    wait_until(lambda: kibana(swarm, objects.read_bytes()).requests, "Kibana")
    received = wait_until(
        lambda: elasticsearch(swarm, retention.read_bytes()).requests, "Elasticsearch"
    )
    for path, body in received:
        assert path == "/_ilm/policy/minitwit"
        assert json.loads(body) == json.loads(retention.read_text())


def test_only_operators_reach_grafana_and_kibana(
    swarm: Installation,
) -> None:
    """By name and TLS through the edge; Kibana, which has no passwords, behind one."""
    assert _ask_tool(swarm, "grafana", "/api/health") == 200
    assert _ask_tool(swarm, "kibana", "/api/status") == 401
    assert _ask_tool(swarm, "kibana", "/api/status", OPERATOR) == 200


def wait_for_users(swarm: Installation) -> None:
    """Wait until Prometheus has what the exporters count once a minute."""
    wait_until(
        lambda: prometheus(swarm).value(fresh("minitwit_users")),
        lambda: f"the users to be counted\n{swarm.explain(*EXPORTERS)}",
        120,
    )


def _post(swarm: Installation, trace_id: str) -> int:
    """Post a message in a trace of the test's, and return the status.

    From outside the trace would be another one, so Traefik is asked from within.
    """
    body = json.dumps({"content": "a private thought"})
    headers = {
        "Host": "x",
        "Authorization": f"Basic {load.SIMULATOR}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **traced(trace_id),
    }
    path = f"/msgs/{quote(load.USERS[3])}"
    lines = [f"POST {path} HTTP/1.0", *(f"{n}: {v}" for n, v in headers.items())]
    request = "\\r\\n".join([*lines, "", body.replace('"', '\\"')])
    ask = (
        f"""printf '%b' "{request}" """
        "| { nc 127.0.0.1 8083 2>/dev/null || bash -c"
        " 'exec 3<>/dev/tcp/127.0.0.1/8083; cat >&3; head -n 1 <&3'; }"
    )
    traefik = swarm.containers("edge_traefik")[0]
    answer = swarm.application.docker("exec", traefik, "sh", "-c", ask)
    return int(answer.split()[1])


@contextmanager
def _changed(swarm: Installation, change: tuple[str, ...], undo: str) -> Iterator[None]:
    change_places(swarm)
    swarm.sql(*change)
    try:
        yield
    finally:
        swarm.sql(undo)


def _wait_for_the_trace(swarm: Installation, trace_id: str) -> None:
    def spans() -> set[str]:
        kept = elasticsearch(swarm, bytes.fromhex(trace_id))
        return set(kept.trace(trace_id))

    wait_until(
        lambda: SPANS_OF_A_MESSAGE <= spans(), lambda: f"the trace, not {spans()}"
    )
    kept = elasticsearch(swarm, bytes.fromhex(trace_id))
    check_the_trace_of_a_message(kept.trace(trace_id))


def _line_of(swarm: Installation, trace_id: str, service: str) -> LogRecord:
    def lines() -> list[LogRecord]:
        records = elasticsearch(swarm, bytes.fromhex(trace_id)).log_records()
        return [
            record
            for record in records
            if record.trace_id == trace_id
            and record.resource.get("service.name") == service
        ]

    wait_until(lines, f"the line of {service}")
    [line] = lines()
    return line


def _of_follow(texts: list[str]) -> list[str]:
    return [text for text in texts if text.startswith("follow ")]


def _ask_tool(
    swarm: Installation, tool: str, path: str, operator: tuple[str, str] | None = None
) -> int:
    with httpx.Client(verify=False, trust_env=False) as client:  # noqa: S501
        answer = client.get(
            f"https://{swarm.application.address}{path}",
            headers={"Host": f"{tool}.{DOMAIN}"},
            auth=operator,
        )
    return answer.status_code
