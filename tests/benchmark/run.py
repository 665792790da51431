"""One run: everything is started, measured in turn, and handed over as plain data."""

import datetime
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from minitwit.runtime.routes import FUNCTIONS
from tests.benchmark import container, latency, load, workloads
from tests.benchmark.dataset import DATA_SETS, DataSet
from tests.benchmark.edge import running_edge
from tests.benchmark.endpoints import Endpoint, endpoints, sign_in
from tests.benchmark.experiments import (
    CONNECTIONS,
    Deployment,
    Effort,
    against_original,
    constant_rate,
    scaling,
    single_endpoint,
)
from tests.benchmark.processes import Replica
from tests.benchmark.storage import running_storage
from tests.benchmark.systems import Machine, Telemetry, running_sink

REPLICAS = 2
_RATE = 200  # requests a second

Results = dict[str, Any]
Say = Callable[[str], None]


def run(folder: Path, effort: Effort, requests: int, say: Say) -> Results:
    """Measure everything.

    Args:
        folder: for data sets and logs; data sets are kept there.
        effort: of each experiment.
        requests: to send before the memory is looked at again.
        say: is told what is going on.

    """
    with machine_in(folder) as machine:
        results: Results = {"machine": _description(effort)}
        results |= _on_three_data_sets(machine, effort, say)
        say("start and memory")
        with machine.storage.database(DATA_SETS["100k"], "container") as database:
            results["container"] = {
                function: _container(machine, function, database, requests)
                for function in FUNCTIONS
            }
    return results


@contextmanager
def machine_in(folder: Path) -> Iterator[Machine]:
    """Run what every experiment shares."""
    logs = folder.resolve() / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with running_storage(folder) as storage, running_sink(logs) as endpoint:
        yield Machine(storage, logs, Telemetry(endpoint))


@contextmanager
def deployed(machine: Machine, data_set: DataSet) -> Iterator[Deployment]:
    """Run every one of our systems on a copy of a data set."""
    with ExitStack() as stack:
        database = stack.enter_context(
            machine.storage.database(data_set, data_set.name.replace(".", "_"))
        )

        def replicas(
            start: Callable[[], AbstractContextManager[Replica]],
        ) -> list[Replica]:
            return [stack.enter_context(start()) for _ in range(REPLICAS)]

        def functions(telemetry: Telemetry) -> dict[str, list[Replica]]:
            return {
                name: replicas(partial(machine.function, name, database, telemetry))
                for name in FUNCTIONS
            }

        traced = functions(machine.telemetry)
        folder = machine.logs / f"edge-{data_set.name}"
        yield Deployment(
            data_set,
            database,
            traced,
            untraced=functions(Telemetry()),
            bare=replicas(partial(machine.bare, database)),
            edge=stack.enter_context(running_edge(traced, machine.telemetry, folder)),
        )


def _on_three_data_sets(machine: Machine, effort: Effort, say: Say) -> Results:
    with ExitStack() as stack:
        deployments = {}
        for name, data_set in DATA_SETS.items():
            say(f"data set {name}")
            deployments[name] = stack.enter_context(deployed(machine, data_set))
        middle = deployments["100k"]
        each = endpoints(sign_in(middle.edge.port))
        return {
            "latency": _latency(machine, list(deployments.values()), effort, say),
            "endpoints": _endpoints(machine, middle, each, effort, say),
            "scaling": scaling(middle, each[4], effort),
            "registrations": _registrations(middle, effort, say),
            "original": {
                name: _original(machine, deployment, effort, say)
                for name, deployment in deployments.items()
            },
        }


def _endpoints(
    machine: Machine,
    deployment: Deployment,
    each: Sequence[Endpoint],
    effort: Effort,
    say: Say,
) -> Results:
    results = {}
    for endpoint in each:
        say(f"throughput of {endpoint.name}")
        results[endpoint.name] = single_endpoint(machine, deployment, endpoint, effort)
    return results


def _latency(
    machine: Machine, deployments: Sequence[Deployment], effort: Effort, say: Say
) -> Results:
    results: Results = {}
    signed_in = [endpoints(sign_in(d.edge.port)) for d in deployments]
    # The session of one data set's reader is good for the others: the key is the same.
    for endpoint in signed_in[0]:
        say(f"latency of {endpoint.name}")
        costs = constant_rate(machine, deployments, endpoint, _RATE, effort)
        results[endpoint.name] = {
            "is_page": endpoint.is_page,
            **{name: asdict(cost) for name, cost in costs.items()},
        }
    return results


def _original(
    machine: Machine, deployment: Deployment, effort: Effort, say: Say
) -> Results:
    say(f"the original on {deployment.data_set.name}")
    # A single request of the original takes seconds where there is much data.
    patient = Effort(max(effort.seconds, 8), effort.rounds)
    is_large = deployment.data_set.name == "3.2m"
    with (
        machine.storage.sqlite_file(deployment.data_set) as file,
        machine.original(file, workers=REPLICAS * 2) as original,
    ):
        chosen = patient if is_large else effort
        return dict(against_original(deployment, original, chosen))


def _registrations(deployment: Deployment, effort: Effort, say: Say) -> Results:
    say("registrations")
    port = deployment.edge.port
    reads = workloads.reads("/msgs?no=20")
    alone = latency.at_rate(port, reads, _RATE / 4, effort.seconds)
    rates = [
        load.apply(
            [port], workloads.registrations(), effort.seconds, CONNECTIONS
        ).per_second
        for _ in range(effort.rounds)
    ]
    return {"per_second": rates, "reads_p50_alone": alone.p50}


def _container(
    machine: Machine, function: str, database: str, requests: int
) -> dict[str, float]:
    ready = container.seconds_to_ready(machine, function, database)
    idle, busy = container.memory(machine, function, database, requests)
    return {"ready": ready, "idle": idle, "busy": busy}


def _description(effort: Effort) -> dict[str, object]:
    model = next(
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    )
    return {
        "cores": os.cpu_count(),
        "processor": model,
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
        "slice_seconds": effort.seconds,
        "rounds": effort.rounds,
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }
