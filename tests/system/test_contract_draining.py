"""Graceful shutdown: not ready after SIGTERM, serves while it drains, then exits."""

import http.client
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.configuration import cluster_in, function_environment
from deploy.local.paths import Paths
from deploy.local.ports import free_ports
from tests.system.running import CHECKOUT, RunningSystem
from tests.waiting import status_of, wait_until

DRAIN_SECONDS = 3
GUNICORN = [
    *(sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"),
    "minitwit.web.app:create_app()",
]


@dataclass(frozen=True)
class Replica:
    """A replica that a test may stop."""

    process: subprocess.Popen[bytes]
    port: int
    operator_port: int

    def ready(self) -> int:
        """Return the status of /ready."""
        return self.operators_answer("/ready")

    def operators_answer(self, path: str) -> int:
        """Return the status of a path on the operators' port."""
        return status_of(f"http://127.0.0.1:{self.operator_port}{path}")

    def latest(self) -> int:
        """Return the status of a caller's /latest on a new connection, 0 if refused."""
        return status_of(f"http://127.0.0.1:{self.port}/latest")


@contextmanager
def running_replica(
    system: RunningSystem, log: Path, **environment: str
) -> Iterator[Replica]:
    """Run a replica of messages beside the system's own until the block ends."""
    paths = Paths(system.folder)
    with free_ports(2) as (port, operator_port), log.open("wb") as output:
        process = subprocess.Popen(
            GUNICORN,
            cwd=CHECKOUT,
            env={
                **function_environment(paths),
                **cluster_in(paths).environment("minitwit_messages"),
                "MINITWIT_FUNCTION": "messages",
                "MINITWIT_PORT": str(port),
                "MINITWIT_OPERATOR_PORT": str(operator_port),
                **environment,
            },
            stdout=output,
            stderr=output,
        )
        replica = Replica(process, port, operator_port)
        try:
            wait_until(lambda: replica.ready() == 200)
            yield replica
        finally:
            process.kill()
            process.wait()


def test_replica_is_not_ready_after_sigterm_and_serves_until_it_exits(
    system: RunningSystem, tmp_path: Path
) -> None:
    drain = {"MINITWIT_DRAIN_SECONDS": str(DRAIN_SECONDS)}
    with running_replica(system, tmp_path / "log", **drain) as replica:
        check_draining(replica)


def check_draining(replica: Replica) -> None:
    idle = http.client.HTTPConnection("127.0.0.1", replica.port, timeout=10)
    assert ask(idle) == 200
    replica.process.send_signal(signal.SIGTERM)
    wait_until(lambda: replica.ready() == 503, seconds=DRAIN_SECONDS)
    # Traefik still sends requests, on kept connections and on new ones.
    assert ask(idle) == 200
    assert replica.latest() == 200
    assert replica.ready() == 503
    assert replica.operators_answer("/live") == 200
    assert replica.process.wait(timeout=DRAIN_SECONDS + 20) == 0
    assert replica.latest() == 0
    idle.close()


def ask(connection: http.client.HTTPConnection) -> int:
    """Return the status of /latest on a kept connection."""
    connection.request("GET", "/latest")
    answer = connection.getresponse()
    assert set(json.loads(answer.read())) == {"latest"}
    return answer.status


def test_dead_collector_does_not_delay_the_end(
    system: RunningSystem, tmp_path: Path
) -> None:
    with free_ports(1) as [closed]:
        settings = {
            "MINITWIT_DRAIN_SECONDS": "0",
            "MINITWIT_OTLP_ENDPOINT": f"http://127.0.0.1:{closed}",
        }
        with running_replica(system, tmp_path / "log", **settings) as replica:
            assert all(replica.latest() == 200 for _ in range(20))
            replica.process.send_signal(signal.SIGTERM)
            # Two seconds for telemetry; without the bound it would be thirty.
            assert replica.process.wait(timeout=15) == 0
