"""Traefik for a run, as deploy/local configures it, with tracing."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.local import traefik
from deploy.local.configuration import EDGE
from deploy.local.replicas import Replica as LocalReplica
from tests.benchmark.processes import HOST, Replica, free_port, running
from tests.benchmark.systems import Telemetry
from tests.waiting import status_of, wait_until


@contextmanager
def running_edge(
    replicas: Mapping[str, Sequence[Replica]], telemetry: Telemetry, folder: Path
) -> Iterator[Replica]:
    """Run Traefik in front of replicas, by function."""
    folder.mkdir(parents=True, exist_ok=True)
    port, dynamic = free_port(), folder / "dynamic"
    dynamic.mkdir(exist_ok=True)
    shutil.copy(EDGE, dynamic)
    routes = traefik.dynamic_configuration(_local(replicas))
    (dynamic / "routes.yml").write_text(json.dumps(routes))
    limits = traefik.limits_configuration({})
    (dynamic / "limits.yml").write_text(json.dumps(limits))
    configuration = traefik.static_configuration(
        port, free_port(), dynamic, folder / "access.log"
    )
    configuration |= traefik.tracing_configuration(telemetry.environment())
    static = folder / "traefik.yml"
    static.write_text(json.dumps(configuration))
    command = [traefik.program(), f"--configFile={static}"]
    log = folder / "traefik.log"
    with running(command, port, log, traefik.ENVIRONMENT) as process:
        # It listens before it has read which replicas there are.
        wait_until(lambda: status_of(f"http://{HOST}:{port}/msgs") in (200, 403))
        yield Replica(port, process.pid)
    (folder / "access.log").unlink(missing_ok=True)


def _local(replicas: Mapping[str, Sequence[Replica]]) -> list[LocalReplica]:
    return [
        LocalReplica(function, number, replica.port, replica.operator_port or 0)
        for function, group in replicas.items()
        for number, replica in enumerate(group, 1)
    ]
