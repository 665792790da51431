"""SIGTERM: not ready at once, served while the edge lets go, then an orderly end."""

import http.client
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.layout import Layout
from deploy.local.ports import free_ports
from deploy.local.system import function_environment
from tests.system.running import CHECKOUT, RunningSystem
from tests.waiting import wait_until

DRAIN_SECONDS = 3
GUNICORN = [
    *(sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"),
    "minitwit.web.app:create_app()",
]


@dataclass(frozen=True)
class Replica:
    """A function that this test may end."""

    process: subprocess.Popen[bytes]
    port: int
    operator_port: int

    def ready(self) -> int:
        """Return the status of /ready."""
        return answer_of(self.operator_port, "/ready")


def answer_of(port: int, path: str) -> int:
    """Return the status of a new connection's request, or 0 when nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except ConnectionRefusedError:
        return 0
    finally:
        connection.close()


@pytest.fixture
def replica(system: RunningSystem, tmp_path: Path) -> Iterator[Replica]:
    """Return a replica of messages beside the system's own."""
    layout = Layout(system.folder)
    with free_ports(2) as (port, operator_port), (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            GUNICORN,
            cwd=CHECKOUT,
            env={
                **function_environment(layout),
                "MINITWIT_FUNCTION": "messages",
                "MINITWIT_PORT": str(port),
                "MINITWIT_OPERATOR_PORT": str(operator_port),
                "MINITWIT_DRAIN_SECONDS": str(DRAIN_SECONDS),
            },
            stdout=log,
            stderr=log,
        )
        replica = Replica(process, port, operator_port)
        try:
            wait_until(lambda: replica.ready() == 200, seconds=60)
            yield replica
        finally:
            process.kill()
            process.wait()


def test_sigterm_says_not_ready_and_answers_until_the_end(replica: Replica) -> None:
    idle = http.client.HTTPConnection("127.0.0.1", replica.port, timeout=10)
    assert ask(idle) == 200
    replica.process.send_signal(signal.SIGTERM)
    wait_until(lambda: replica.ready() == 503, seconds=DRAIN_SECONDS)
    # The edge has not heard of it yet: on a connection it kept, and on a new one.
    assert ask(idle) == 200
    assert answer_of(replica.port, "/latest") == 200
    assert replica.ready() == 503
    assert answer_of(replica.operator_port, "/live") == 200
    assert replica.process.wait(timeout=DRAIN_SECONDS + 20) == 0
    assert answer_of(replica.port, "/latest") == 0
    idle.close()


def ask(connection: http.client.HTTPConnection) -> int:
    """Ask on a connection that is kept."""
    connection.request("GET", "/latest")
    answer = connection.getresponse()
    assert set(json.loads(answer.read())) == {"latest"}
    return answer.status


def test_dead_collector_does_not_hold_up_the_end(
    system: RunningSystem, tmp_path: Path
) -> None:
    layout = Layout(system.folder)
    with free_ports(3) as (port, operator_port, nobody):
        process = subprocess.Popen(
            GUNICORN,
            cwd=CHECKOUT,
            env={
                **function_environment(layout),
                "MINITWIT_FUNCTION": "messages",
                "MINITWIT_PORT": str(port),
                "MINITWIT_OPERATOR_PORT": str(operator_port),
                "MINITWIT_DRAIN_SECONDS": "0",
                "MINITWIT_OTLP_ENDPOINT": f"http://127.0.0.1:{nobody}",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: answer_of(operator_port, "/ready") == 200, seconds=60)
            assert all(answer_of(port, "/latest") == 200 for _ in range(20))
            process.send_signal(signal.SIGTERM)
            # Two seconds for telemetry; without the bound it would be thirty.
            assert process.wait(timeout=15) == 0
        finally:
            process.kill()
            process.wait()
