"""Droplets under CPU quotas: what a request costs, and how many a second they answer.

A droplet is a group of processes with a share of a core: a replica of each function,
and an edge where each droplet has its own. Costs and runs take turns, since a machine's
speed drifts.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minitwit.web.routes import FUNCTIONS
from tests.benchmark import capacity, cpu, load, quota, workloads
from tests.benchmark.dataset import DataSet
from tests.benchmark.edge import running_edge
from tests.benchmark.endpoints import endpoints, sign_in
from tests.benchmark.experiments import CONNECTIONS, Effort
from tests.benchmark.processes import HOST, Replica
from tests.benchmark.systems import Machine
from tests.benchmark.workloads import Request
from tests.waiting import status_of, wait_until

NUMBERS = (1, 2, 4)

# What has a quota, with the cores of a droplet: so few that four of them, everything
# else and the load generator fit two cores.
_LIMITED = {"functions": 0.1, "edge and functions": 0.12, "database": 0.08}

# The processes of a droplet that share it. There is one database: it gets the cores.
_PROCESSES = {
    "functions": {"function": len(FUNCTIONS)},
    "edge and functions": {"edge": 1, "function": len(FUNCTIONS)},
    "database": {"database": 1},
}
_ROUNDS = 3  # times as many as of longer slices
_ACTIONS = 4_000  # more than a slice sends

_ROWS = {
    capacity.REGISTER: ("users",),
    capacity.TWEET: ("messages", "mentions"),
    capacity.FOLLOW: ("follows",),
}

Workload = Callable[[], Sequence[Request]]


@dataclass(frozen=True)
class Droplets:
    """As many as the largest run needs, on a database.

    Args:
        machine: with the database's server.
        data_set: what is in the database.
        database: its name.
        functions: of each droplet, a replica of each function.
        own: of each droplet, an edge that only has its functions.
        shared: by the number of droplets, an edge that has the functions of all.

    """

    machine: Machine
    data_set: DataSet
    database: str
    functions: Sequence[Mapping[str, Replica]]
    own: Sequence[Replica]
    shared: Mapping[int, Replica]

    def log(self) -> Path:
        """Return the access log of the first droplet's edge."""
        return self.machine.logs / "edge-own-0" / "access.log"


@contextmanager
def running_droplets(machine: Machine, data_set: DataSet) -> Iterator[Droplets]:
    """Run them on a copy of a data set."""
    with machine.storage.database(data_set, "droplets") as database, ExitStack() as s:
        nodes = [
            {
                name: s.enter_context(machine.function(name, database))
                for name in FUNCTIONS
            }
            for _ in range(max(NUMBERS))
        ]

        def edge(chosen: Sequence[Mapping[str, Replica]], folder: Path) -> Replica:
            replicas = {name: [node[name] for node in chosen] for name in FUNCTIONS}
            found = s.enter_context(running_edge(replicas, machine.telemetry, folder))
            wait_until(lambda: status_of(f"http://{HOST}:{found.port}/public") == 200)
            return found

        own = [
            edge([node], machine.logs / f"edge-own-{number}")
            for number, node in enumerate(nodes)
        ]
        shared = {n: edge(nodes[:n], _folder(machine, n)) for n in NUMBERS}
        s.enter_context(_busy_machine())
        yield Droplets(machine, data_set, database, nodes, own, shared)


@contextmanager
def _busy_machine() -> Iterator[None]:
    """Use the time that is left at idle priority.

    A core's two hardware threads share it, so a request takes less CPU while the other
    thread is idle. On a droplet at its limit it is not.
    """
    burn = ["chrt", "--idle", "0", sys.executable, "-c", "while True: pass"]
    with ExitStack() as stack:
        for _ in range(os.cpu_count() or 1):
            burner = stack.enter_context(subprocess.Popen(burn))
            stack.callback(burner.kill)
        yield


def measure(
    droplets: Droplets, effort: Effort, say: Callable[[str], None]
) -> dict[str, Any]:
    """Measure the costs of each kind of request, and the runs under quotas.

    Returns:
        what `capacity` reads: each figure is a list, by round.

    """
    kinds = _kinds(droplets)
    runs = [(limited, number) for limited in _LIMITED for number in NUMBERS]
    costs: dict[str, list[dict[str, float]]] = {kind: [] for kind in kinds}
    rates: dict[tuple[str, int], list[float]] = {run: [] for run in runs}
    shares: dict[tuple[str, int], list[float]] = {run: [] for run in runs}
    idle: dict[str, list[float]] = {}
    rows = _row_bytes(droplets)
    for workload in kinds.values():
        _load([droplets.own[0].port], [workload()], 1, CONNECTIONS)
    for number in range(effort.rounds * _ROUNDS):
        say(f"round {number + 1} of {effort.rounds * _ROUNDS}")
        for part, cores in _idle(droplets, effort.seconds / 2).items():
            idle.setdefault(part, []).append(cores)
        for kind, workload in kinds.items():
            # As the simulator, which registers one user at a time: passwords that are
            # hashed at once take more CPU, as they share the memory's bandwidth.
            at_once = 1 if kind == capacity.REGISTER else CONNECTIONS
            cost = _cost(droplets, workload(), effort.seconds / 2, at_once)
            costs[kind].append(cost | {"rows": rows.get(kind, 0.0)})
        for run in runs:
            rate, used = _run(droplets, *run, effort.seconds)
            rates[run].append(rate)
            shares[run].append(used)
    return {
        "idle": idle,
        "costs": {
            kind: {name: [each[name] for each in rounds] for name in rounds[0]}
            for kind, rounds in costs.items()
        },
        "runs": [
            {
                "limited": limited,
                "droplets": number,
                "cores": round(_LIMITED[limited] * number, 2),
                "processes": {
                    part: count if limited == "database" else count * number
                    for part, count in _PROCESSES[limited].items()
                },
                "measured": rates[limited, number],
                "used": shares[limited, number],
            }
            for limited, number in runs
        ],
    }


def _kinds(droplets: Droplets) -> dict[str, Workload]:
    data_set = droplets.data_set
    named = {
        each.name: each
        for each in endpoints({data_set.name: sign_in(droplets.own[0].port)})
    }

    def of(name: str) -> Workload:
        return lambda: named[name].workload(data_set)

    chosen = (capacity.TWEET, *capacity.READS, *capacity.PAGES)
    return {name: of(name) for name in chosen} | {
        capacity.REGISTER: workloads.registrations,
        # A follow that exists is not written again.
        capacity.FOLLOW: lambda: workloads.new_follows(data_set),
        capacity.UNFOLLOW: lambda: workloads.unfollows(data_set),
    }


def _idle(droplets: Droplets, seconds: float) -> dict[str, float]:
    """Return the cores that a process of each part uses without requests."""
    parts = {
        "edge": [edge.pid for edge in (*droplets.own, *droplets.shared.values())],
        "function": [each.pid for node in droplets.functions for each in node.values()],
        "database": [droplets.machine.storage.postmaster()],
    }
    before = {part: cpu.seconds(pids) for part, pids in parts.items()}
    time.sleep(seconds)
    return {
        part: (cpu.seconds(pids) - before[part]) / seconds / len(pids)
        for part, pids in parts.items()
    }


def _run(
    droplets: Droplets, limited: str, number: int, seconds: float
) -> tuple[float, float]:
    """Send the simulator's mix to processes with quotas.

    Returns:
        the requests a second, and the share of their quotas that the processes used.

    """
    chosen, cores = droplets.functions[:number], _LIMITED[limited]
    groups = [[replica.pid for replica in node.values()] for node in chosen]
    edges: Sequence[Replica] = [droplets.shared[number]]
    if limited == "edge and functions":
        edges = droplets.own[:number]
        groups = [[edge.pid, *group] for edge, group in zip(edges, groups, strict=True)]
    elif limited == "database":
        groups, cores = [[droplets.machine.storage.postmaster()]], cores * number
        edges = [droplets.shared[max(NUMBERS)]]
    mixes = [workloads.scenario_with_reads(droplets.data_set, _ACTIONS) for _ in edges]
    connections = CONNECTIONS * 2 * number // len(edges)
    members = [pid for group in groups for pid in group]
    with ExitStack() as stack:
        for group in groups:
            stack.enter_context(quota.limited(group, cores))
        before = cpu.seconds(members)
        ports = [edge.port for edge in edges]
        loads = _load(ports, mixes, seconds, connections)
        spent = cpu.seconds(members) - before
    rate = sum(each.per_second for each in loads)
    elapsed = sum(each.requests for each in loads) / rate
    return rate, spent / elapsed / (cores * len(groups))


def _load(
    ports: Sequence[int],
    mixes: Sequence[Sequence[Request]],
    seconds: float,
    connections: int,
) -> list[load.Load]:
    """Send each port its own requests, for no name is registered twice."""
    with ThreadPoolExecutor(len(ports)) as pool:
        slices = [
            pool.submit(load.apply, [port], mix, seconds, connections)
            for port, mix in zip(ports, mixes, strict=True)
        ]
        loads = [each.result() for each in slices]
    if failed := sum(each.failed for each in loads):
        raise RuntimeError(f"{failed} requests failed")
    return loads


def _cost(
    droplets: Droplets, workload: Sequence[Request], seconds: float, connections: int
) -> dict[str, float]:
    """Return what a request costs without quotas, the machine being busy."""
    storage, edge = droplets.machine.storage, droplets.own[0]
    functions = [each.pid for each in droplets.functions[0].values()]
    wal = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"

    def read() -> dict[str, float]:
        return {
            "edge": cpu.seconds([edge.pid]) * 1e6,
            "function": cpu.seconds(functions) * 1e6,
            "database": cpu.seconds([storage.postmaster()]) * 1e6,
            "wal": float(storage.sql(wal)),
        }

    before = read()
    [done] = _load([edge.port], [workload], seconds, connections)
    after = read()
    spent = {name: (after[name] - before[name]) / done.requests for name in before}
    return spent | {"log": _log_bytes(droplets.log())}


def _log_bytes(log: Path) -> float:
    """Return the bytes of the access log's last line in Docker's file."""
    with log.open("rb") as file:
        file.seek(-4096, 2)
        line = file.read().decode().splitlines(keepends=True)[-2]
    entry = {"log": line, "stream": "stdout", "time": "2026-11-29T12:00:00.123456789Z"}
    return float(len(json.dumps(entry)) + 1)


def _row_bytes(droplets: Droplets) -> dict[str, float]:
    """Return how many bytes a row takes with its indexes, by the kind that adds it."""
    found = {}
    for kind, tables in _ROWS.items():
        sizes = " + ".join(f"pg_total_relation_size('{table}')" for table in tables)
        query = f"SELECT ({sizes})::float / (SELECT count(*) FROM {tables[0]})"  # noqa: S608
        found[kind] = float(droplets.machine.storage.sql(query, droplets.database))
    return found


def _folder(machine: Machine, number: int) -> Path:
    return machine.logs / f"edge-{number}"
