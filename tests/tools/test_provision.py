"""provision.sh: the requests it sends, what it waits for, and when it fails."""

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.tools.inbox import Inbox
from tests.tools.programs import program
from tests.tools.receivers import Receiver, receiving
from tests.tools.rules_files import TOOLS
from tests.waiting import wait_until

SCRIPT = TOOLS / "elasticsearch" / "provision.sh"
STREAMS = "logs-*.otel-*,traces-*.otel-*"
LOGS, TRACES = "logs-generic.otel-default", "traces-generic.otel-default"
IMPORT = "/api/saved_objects/_import"


@pytest.fixture
def servers() -> Iterator[tuple[Receiver, Receiver]]:
    """Yield Elasticsearch, to which both signals have been written, and Kibana."""
    with receiving() as elasticsearch, receiving() as kibana:
        found = {"data_streams": [{"name": LOGS}, {"name": TRACES}]}
        body = json.dumps(found, separators=(",", ":"))
        elasticsearch.answers[f"/_data_stream/{STREAMS}"] = (200, body)
        yield elasticsearch, kibana


def provision(
    servers: tuple[Receiver, Receiver],
) -> subprocess.CompletedProcess[str]:
    program("curl")
    elasticsearch, kibana = servers
    return subprocess.run(
        ["sh", str(SCRIPT)],
        env={
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "ELASTICSEARCH_URL": elasticsearch.url,
            "KIBANA_URL": kibana.url,
            "RETRY_SECONDS": "0.05",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_existing_indices_get_the_retention_too(
    servers: tuple[Receiver, Receiver],
) -> None:
    """A component template applies to new backing indices only."""
    done = provision(servers)
    assert done.returncode == 0, done.stderr
    elasticsearch, kibana = servers
    paths = [path for path, _ in elasticsearch.requests]
    assert paths == [
        "/_ilm/policy/minitwit",
        "/_component_template/logs-otel@custom",
        "/_component_template/traces-otel@custom",
        f"/{STREAMS}/_settings",
        f"/{LOGS}/_rollover",
        f"/{TRACES}/_rollover",
    ]
    [settings] = elasticsearch.bodies("/_settings")
    assert json.loads(settings) == {
        "index.lifecycle.name": "minitwit",
        "index.number_of_replicas": 0,
    }
    [imported] = kibana.bodies(IMPORT)
    assert (SCRIPT.parent / "saved_objects.ndjson").read_bytes() in imported


def test_without_any_index_there_is_nothing_to_roll_over(
    servers: tuple[Receiver, Receiver],
) -> None:
    servers[0].answers[f"/_data_stream/{STREAMS}"] = (200, "{}")
    assert provision(servers).returncode == 0
    assert not servers[0].bodies("/_rollover")


def test_an_import_that_kibana_reports_as_failed_is_a_failure(
    servers: tuple[Receiver, Receiver],
) -> None:
    """Kibana answers 200 whether it imported the objects or not."""
    error = '{"id":"minitwit-slow","error":{"type":"missing_references"}}'
    body = f'{{"successCount":6,"success":false,"errors":[{error}]}}'
    servers[1].answers[IMPORT] = (200, body)
    done = provision(servers)
    assert done.returncode == 1
    assert "missing_references" in done.stdout
    assert "Kibana did not import" in done.stderr


@pytest.mark.parametrize("path", ["/_ilm/policy/minitwit", f"/{STREAMS}/_settings"])
def test_a_request_that_elasticsearch_refuses_is_a_failure(
    servers: tuple[Receiver, Receiver], path: str
) -> None:
    """It waited for ever, since no later attempt would succeed."""
    servers[0].answers[path] = (400, '{"error":"unknown setting"}')
    done = provision(servers)
    assert done.returncode == 1
    assert "unknown setting" in done.stderr


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_is_starting_is_waited_for(
    servers: tuple[Receiver, Receiver], status: int
) -> None:
    kibana: Inbox = servers[1]
    ready = kibana.answers[IMPORT]
    kibana.answers[IMPORT] = (status, "Kibana server is not ready yet")

    def start() -> None:
        wait_until(lambda: kibana.refused)
        kibana.answers[IMPORT] = ready

    with ThreadPoolExecutor() as pool:
        started = pool.submit(start)
        done = provision(servers)
        started.result()
    assert done.returncode == 0, done.stderr
    assert f"waiting for {servers[1].url}{IMPORT}" in done.stderr
