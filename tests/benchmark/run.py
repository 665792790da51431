"""One benchmark run: starts the systems, measures them, returns plain data."""

import datetime
import os
import platform
import timeit
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from minitwit.web.routes import FUNCTIONS
from tests.benchmark import container, disk, peers, workloads
from tests.benchmark.dataset import DATA_SETS, DataSet
from tests.benchmark.edge import running_edge
from tests.benchmark.endpoints import endpoints, sign_in
from tests.benchmark.experiments import (
    Deployment,
    Effort,
    Rates,
    against_original,
    constant_rate,
    median_cost,
    pages,
    registrations,
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


def run(folder: Path, effort: Effort, requests: int, say: Say) -> Iterator[Results]:
    """Measure everything; yield what there is after each experiment.

    Args:
        folder: for data sets and logs; data sets are kept there.
        effort: of each experiment.
        requests: to send before the memory is looked at again.
        say: called with progress messages.

    """
    with machine_in(folder) as machine:
        flushes = [disk.flush_milliseconds(folder)]
        results: Results = {"machine": _description(effort) | {"flush_ms": flushes}}
        for experiment, found in _on_three_data_sets(machine, effort, say):
            results[experiment] = found
            flushes.append(disk.flush_milliseconds(folder))
            yield results
        say("start and memory")
        with machine.storage.database(DATA_SETS["100k"], "container") as database:
            results["container"] = {
                function: _container(machine, function, database, requests)
                for function in FUNCTIONS
            }
        yield results


@contextmanager
def machine_in(folder: Path) -> Iterator[Machine]:
    """Run what every experiment shares."""
    logs = folder.resolve() / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with running_storage(folder) as storage, running_sink(logs) as endpoint:
        yield Machine(storage, logs, Telemetry(endpoint))


@contextmanager
def deployed(machine: Machine, data_set: DataSet) -> Iterator[Deployment]:
    """Run the functions and the edge on a copy of a data set."""
    name = data_set.name.replace(".", "_")
    with machine.storage.database(data_set, name) as database, ExitStack() as stack:
        traced = _functions(stack, machine, database, machine.telemetry)
        folder = machine.logs / f"edge-{name}"
        edge = stack.enter_context(running_edge(traced, machine.telemetry, folder))
        yield Deployment(data_set, database, traced, edge)


@contextmanager
def compared(machine: Machine, deployment: Deployment) -> Iterator[Deployment]:
    """Run, on a deployment's database, what its functions are compared with as well."""
    database = deployment.database
    with ExitStack() as stack:
        untraced = _functions(stack, machine, database, Telemetry())
        bare = _replicas(stack, partial(machine.bare, database))
        others = _peers(stack, machine, database)
        yield replace(deployment, untraced=untraced, bare=bare, peers=others)


def _peers(
    stack: ExitStack, machine: Machine, database: str
) -> dict[str, list[Replica]]:
    """Run the other stacks that are installed; Go's behind an edge of its own, too."""
    found = {
        name: _replicas(stack, partial(peers.running_peer, machine, name, database))
        for name in peers.installed()
    }
    if program := peers.built_go_peer(machine.logs):
        go = _replicas(
            stack, partial(peers.running_go_peer, machine, program, database)
        )
        edge = running_edge(
            {"messages": go}, machine.telemetry, machine.logs / "go-edge"
        )
        found |= {peers.GO: go, peers.GO_EDGE: [stack.enter_context(edge)]}
    return found


def _functions(
    stack: ExitStack, machine: Machine, database: str, telemetry: Telemetry
) -> dict[str, list[Replica]]:
    return {
        name: _replicas(stack, partial(machine.function, name, database, telemetry))
        for name in FUNCTIONS
    }


def _replicas(
    stack: ExitStack, start: Callable[[], AbstractContextManager[Replica]]
) -> list[Replica]:
    return [stack.enter_context(start()) for _ in range(REPLICAS)]


def _on_three_data_sets(
    machine: Machine, effort: Effort, say: Say
) -> Iterator[tuple[str, Results]]:
    with ExitStack() as stack:
        deployments = {}
        for name, data_set in DATA_SETS.items():
            say(f"data set {name}")
            deployments[name] = stack.enter_context(deployed(machine, data_set))
        middle = deployments["100k"]
        yield "latency", _latency(machine, list(deployments.values()), effort, say)
        # Before anything writes: the posts add several times what the data set has.
        say("pages in turns")
        yield "pages", pages_in_turns(middle, effort)
        yield "endpoints", _endpoints(machine, middle, effort, say)
        yield "scaling", _scaling(middle, effort, say)
        empty = deployments["empty"].data_set
        yield "registrations", _registrations(machine, middle, empty, effort, say)
        original = {}
        for name, deployment in deployments.items():
            original[name] = _original(machine, deployment, effort, say)
        yield "original", original


def _endpoints(
    machine: Machine, deployment: Deployment, effort: Effort, say: Say
) -> Results:
    results = {}
    with compared(machine, deployment) as all_systems:
        cookies = {deployment.data_set.name: sign_in(deployment.edge.port)}
        for endpoint in endpoints(cookies):
            say(f"throughput of {endpoint.name}")
            results[endpoint.name] = single_endpoint(
                machine, all_systems, endpoint, effort
            )
    return results


def pages_in_turns(deployment: Deployment, effort: Effort) -> Rates:
    """Measure the pages of the timeline side by side, without the edge."""
    cookies = {deployment.data_set.name: sign_in(deployment.edge.port)}
    shown = [each for each in endpoints(cookies) if each.is_page]
    return pages(deployment, shown, effort)


def _scaling(deployment: Deployment, effort: Effort, say: Say) -> Results:
    say("one replica and two")
    named = {each.name: each for each in endpoints({})}
    return dict(scaling(deployment, named["GET /latest"], effort))


def _latency(
    machine: Machine, deployments: Sequence[Deployment], effort: Effort, say: Say
) -> Results:
    results: Results = {}
    cookies = {each.data_set.name: sign_in(each.edge.port) for each in deployments}
    for endpoint in endpoints(cookies):
        say(f"latency of {endpoint.name}")
        costs = constant_rate(machine, deployments, endpoint, _RATE, effort)
        results[endpoint.name] = {
            "is_page": endpoint.is_page,
            "p50s": {name: [c.p50 for c in each] for name, each in costs.items()},
            **{name: asdict(median_cost(each)) for name, each in costs.items()},
        }
    return results


def _original(
    machine: Machine, deployment: Deployment, effort: Effort, say: Say
) -> Results:
    say(f"the original on {deployment.data_set.name}")
    # A single request of the original takes seconds where there is much data.
    patient = Effort(max(effort.seconds, 10), max(1, effort.rounds // 2))
    is_large = deployment.data_set.name == "3.2m"
    with _original_on(machine, deployment.data_set) as original:
        chosen = patient if is_large else effort
        return dict(against_original(deployment, original, chosen))


def _registrations(
    machine: Machine,
    deployment: Deployment,
    empty: DataSet,
    effort: Effort,
    say: Say,
) -> Results:
    say("registrations")
    with _original_on(machine, empty) as original:
        posts = workloads.posts(empty)
        return asdict(registrations(deployment, original, posts, _RATE / 4, effort))


@contextmanager
def _original_on(machine: Machine, data_set: DataSet) -> Iterator[Replica]:
    with (
        machine.storage.sqlite_file(data_set) as file,
        machine.original(file, workers=REPLICAS * 2) as original,
    ):
        yield original


def _container(
    machine: Machine, function: str, database: str, requests: int
) -> dict[str, float]:
    ready = container.seconds_to_ready(machine, function, database)
    idle, busy = container.memory(machine, function, database, requests)
    return {"ready": ready, "idle": idle, "busy": busy}


class _Thing:
    def __init__(self, number: int) -> None:
        self.number = number

    def named(self, name: str) -> dict[str, object]:
        return {"name": f"{name} {self.number}", "numbers": [self.number] * 3}


def _nanoseconds_of_a_call() -> float:
    """Tell one build of Python from another: those differ by more than versions do."""
    calls = 100_000
    times = timeit.repeat(lambda: _Thing(7).named("seven"), number=calls, repeat=9)
    return min(times) / calls * 1e9


def _largest_pages() -> int:
    """Return the size in kilobytes of the largest memory page that Linux allocates.

    https://docs.kernel.org/admin-guide/mm/transhuge.html
    """
    folder = Path("/sys/kernel/mm/transparent_hugepage")
    usual = (folder / "enabled").read_text(encoding="utf-8")
    sizes = [4]
    for file in folder.glob("hugepages-*kB/enabled"):
        chosen = file.read_text(encoding="utf-8")
        if "[always]" in (usual if "[inherit]" in chosen else chosen):
            size = file.parent.name.removeprefix("hugepages-").removesuffix("kB")
            sizes.append(int(size))
    return max(sizes)


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
        "python_call_ns": _nanoseconds_of_a_call(),
        "load_before": os.getloadavg()[0],
        "page_kilobytes": _largest_pages(),
        "slice_seconds": effort.seconds,
        "rounds": effort.rounds,
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }
