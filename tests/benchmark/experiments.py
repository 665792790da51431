"""Experiments: systems take turns in short slices; medians are compared.

Other work on the machine then slows all candidates of a round alike, and the ratios
within a round stay what they are.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import TypeVar

from tests.benchmark import cpu, latency, load, pgbench, quota, workloads
from tests.benchmark.dataset import DataSet
from tests.benchmark.endpoints import Endpoint
from tests.benchmark.processes import Replica
from tests.benchmark.systems import Machine
from tests.benchmark.workloads import Request

CONNECTIONS = 16

REGISTRATIONS = 60  # a second

_QUARTER = 0.25  # of a core

_IDLE = 0.1  # of a core, at most
_LOOK = 0.2  # seconds

# Loads something for a slice and returns its rate.
Candidate = Callable[[], float]

Rates = dict[str, list[float]]

_Key = TypeVar("_Key")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Effort:
    """How long a run takes: the length of a slice and the number of rounds."""

    seconds: float
    rounds: int


@dataclass(frozen=True)
class Deployment:
    """A data set with everything that serves it.

    Args:
        data_set: what is in the database.
        database: its name.
        traced: replicas of each function, with telemetry as in production.
        edge: Traefik before them.
        untraced: the same without telemetry.
        bare: replicas of the bare handler.
        peers: what other stacks answer with, by their names.

    """

    data_set: DataSet
    database: str
    traced: Mapping[str, Sequence[Replica]]
    edge: Replica
    untraced: Mapping[str, Sequence[Replica]] = field(default_factory=dict)
    bare: Sequence[Replica] = ()
    peers: Mapping[str, Sequence[Replica]] = field(default_factory=dict)


def take_turns(
    candidates: Mapping[_Key, Callable[[], _Result]], effort: Effort
) -> dict[_Key, list[_Result]]:
    """Let each candidate run once a round; return what came of it by round.

    Every other round is in reverse, as what one has written may still slow the next.
    """
    results: dict[_Key, list[_Result]] = {name: [] for name in candidates}
    order = list(candidates)
    for _ in range(effort.rounds):
        for name in order:
            results[name].append(candidates[name]())
        order.reverse()
    return results


def ratio(rates: Rates, one: str, other: str) -> float | None:
    """Return the median of one candidate's rate over another's, round by round."""
    if one not in rates or other not in rates:
        return None
    ratios = [a / b for a, b in zip(rates[one], rates[other], strict=True) if b]
    return median(ratios) if ratios else None


def single_endpoint(
    machine: Machine, deployment: Deployment, endpoint: Endpoint, effort: Effort
) -> Rates:
    """Measure one endpoint of every system that has it."""
    workload = endpoint.workload(deployment.data_set)

    def loaded(replicas: Sequence[Replica], traced: bool = True) -> Candidate:
        ports = [replica.port for replica in replicas]
        return under_load(ports, workload, effort, traced)

    # What `direct` is compared with is around it, since a machine's speed drifts.
    candidates = {
        # The edge decides itself what is traced.
        "edge": loaded([deployment.edge], traced=False),
        "untraced": loaded(deployment.untraced[endpoint.function]),
    }
    if endpoint.is_bare_too():
        candidates["bare"] = loaded(deployment.bare)
        candidates |= {
            name: loaded(peer, traced=False) for name, peer in deployment.peers.items()
        }
    candidates["direct"] = loaded(deployment.traced[endpoint.function])
    if endpoint.statements:
        candidates["pgbench"] = partial(
            pgbench.rate,
            machine.storage,
            deployment.database,
            endpoint.statements(deployment.data_set),
            effort.seconds,
            CONNECTIONS,
        )
    return take_turns(candidates, effort)


def under_load(
    ports: Sequence[int], workload: Sequence[Request], effort: Effort, traced: bool
) -> Candidate:
    """Warm replicas up, and return what measures their rate.

    Args:
        ports: of the replicas.
        workload: what they are sent.
        effort: of a slice.
        traced: whether to name one request in ten as traced, as the edge does.

    Raises:
        RuntimeError: a request was not answered as it should be.

    """
    warm_up(ports, workload)
    return partial(_rate, ports, workload, effort, traced)


def warm_up(ports: Sequence[int], workload: Sequence[Request]) -> None:
    """Let every replica connect and prepare its statements."""
    load.apply(ports, workload, 1, CONNECTIONS)


def rate_and_cpu(
    ports: Sequence[int],
    pids: Sequence[int],
    workload: Sequence[Request],
    effort: Effort,
    traced: bool,
) -> tuple[float, float]:
    """Measure the rate, and the CPU of a request in microseconds.

    Args:
        ports: of what answers.
        pids: of the processes whose CPU counts, with what they have started.
        workload: what is sent.
        effort: of the slice.
        traced: whether to name one request in ten as traced, as the edge does.

    Raises:
        RuntimeError: a request was not answered as it should be.

    """
    before = cpu.seconds(pids)
    result = _loaded(ports, workload, effort, traced)
    spent = cpu.seconds(pids) - before
    return result.per_second, spent / max(1, result.requests) * 1e6


def pages(
    deployment: Deployment, endpoints: Sequence[Endpoint], effort: Effort
) -> Rates:
    """Measure pages in turns without the edge, to compare them with each other."""
    candidates: dict[str, Candidate] = {}
    for endpoint in endpoints:
        ports = [each.port for each in deployment.traced[endpoint.function]]
        workload = endpoint.workload(deployment.data_set)
        candidates[endpoint.name] = under_load(ports, workload, effort, traced=True)
    return take_turns(candidates, effort)


def against_original(
    deployment: Deployment, original: Replica, effort: Effort
) -> dict[str, Rates]:
    """Measure the scenario's mix, posts and small reads, of ours and the original."""
    data_set = deployment.data_set
    kinds: dict[str, Callable[[], Sequence[Request]]] = {
        "scenario": lambda: workloads.scenario(data_set),
        "scenario with reads": lambda: workloads.scenario_with_reads(data_set),
        "posts": lambda: workloads.posts(data_set),
        "small reads": lambda: workloads.reads("/msgs?no=20"),
    }
    systems = {"ours": deployment.edge, "original": original}

    def candidate(kind: str, system: str) -> Candidate:
        def run() -> float:
            rate = _rate([systems[system].port], kinds[kind](), effort)
            _await_idleness(systems[system])
            return rate

        return run

    pairs = [(kind, system) for kind in kinds for system in systems]
    rates = take_turns({pair: candidate(*pair) for pair in pairs}, effort)
    return {kind: {system: rates[kind, system] for system in systems} for kind in kinds}


@dataclass(frozen=True)
class Cost:
    """Latency at a constant rate (milliseconds), and CPU microseconds of a request."""

    p50: float
    p99: float
    failed: int
    function_cpu: float
    database_cpu: float


def constant_rate(
    machine: Machine,
    deployments: Sequence[Deployment],
    endpoint: Endpoint,
    rate: float,
    effort: Effort,
) -> dict[str, list[Cost]]:
    """Measure an endpoint through the edge on several data sets, taking turns.

    Returns:
        the costs by data set and round. There are twice as many rounds, of half the
        length: far below its limit a system needs no time to settle, and the shorter a
        round, the less changes on the machine within it.

    """
    costs: dict[str, list[Cost]] = {d.data_set.name: [] for d in deployments}
    for _ in range(effort.rounds * 2):
        for deployment in deployments:
            cost = _cost(machine, deployment, endpoint, rate, effort.seconds / 2)
            costs[deployment.data_set.name].append(cost)
    return costs


def median_cost(costs: Sequence[Cost]) -> Cost:
    """Return the median of each figure, and how many requests failed in all."""
    return Cost(
        p50=median(c.p50 for c in costs),
        p99=median(c.p99 for c in costs),
        failed=sum(c.failed for c in costs),
        function_cpu=median(c.function_cpu for c in costs),
        database_cpu=median(c.database_cpu for c in costs),
    )


def scaling(deployment: Deployment, endpoint: Endpoint, effort: Effort) -> Rates:
    """Measure one replica against two, each of which may use a quarter of a core.

    So a core is free, which it is not where load, function and database share two.

    Returns:
        the rates; `cpu` is a request's CPU in microseconds. Nothing, where no process
        can be limited.

    """
    replicas = deployment.traced[endpoint.function]
    workload = endpoint.workload(deployment.data_set)
    rates: Rates = {"one": [], "two": [], "one cpu": [], "two cpu": []}
    with ExitStack() as stack:
        try:
            for replica in replicas:
                stack.enter_context(quota.limited([replica.pid], _QUARTER))
        except OSError:
            return {}
        # Twice as many rounds, as a replica that stops and goes varies more.
        for _ in range(effort.rounds * 2):
            for name, group in (("one", replicas[:1]), ("two", replicas)):
                ports, pids = zip(*((r.port, r.pid) for r in group), strict=True)
                rate, spent = rate_and_cpu(ports, pids, workload, effort, traced=True)
                rates[name].append(rate)
                rates[f"{name} cpu"].append(spent)
    return rates


def telemetry_cost(endpoints: Mapping[str, Rates]) -> float:
    """Return the share of its throughput that an endpoint keeps, by the median one."""
    shares = (ratio(rates, "direct", "untraced") for rates in endpoints.values())
    return median(share for share in shares if share is not None)


@dataclass(frozen=True)
class Registrations:
    """How many get in, and what it does to who only reads.

    Args:
        per_second: as many as can, by round.
        alone: median latency of reads without them, by round (milliseconds).
        beside: the same while REGISTRATIONS a second come in.
        original_posts: what the original posts a second, by round: it tells how fast
            the machine is at that time.

    """

    per_second: list[float]
    alone: list[float]
    beside: list[float]
    original_posts: list[float]


def registrations(
    deployment: Deployment,
    original: Replica,
    posts: Sequence[Request],
    rate: float,
    effort: Effort,
) -> Registrations:
    """Register as many as can, then some while others read at a constant rate."""
    port = deployment.edge.port
    reads = workloads.reads("/msgs?no=20")

    def latency_of_reads() -> float:
        return latency.at_rate(port, reads, rate, effort.seconds).p50

    found = Registrations([], [], [], [])
    for _ in range(effort.rounds):
        found.original_posts.append(_rate([original.port], posts, effort))
        found.per_second.append(_rate([port], workloads.registrations(), effort))
        found.alone.append(latency_of_reads())
        with ThreadPoolExecutor(1) as other:
            registering = other.submit(
                latency.at_rate,
                port,
                workloads.registrations(),
                REGISTRATIONS,
                effort.seconds + 1,
            )
            found.beside.append(latency_of_reads())
        if failed := registering.result().failed:
            raise RuntimeError(f"{failed} registrations failed")
    return found


def _await_idleness(replica: Replica) -> None:
    """Wait until the queue that a slice left is drained.

    The original is busy with it for up to a minute, where a request takes seconds.
    """
    before = -1.0
    while (now := cpu.seconds([replica.pid])) > before + _IDLE * _LOOK:
        before = now
        time.sleep(_LOOK)


def _rate(
    ports: Sequence[int],
    workload: Sequence[Request],
    effort: Effort,
    traced: bool = False,
) -> float:
    return _loaded(ports, workload, effort, traced).per_second


def _loaded(
    ports: Sequence[int], workload: Sequence[Request], effort: Effort, traced: bool
) -> load.Load:
    result = load.apply(ports, workload, effort.seconds, CONNECTIONS, traced)
    if result.failed:
        raise RuntimeError(f"{result.failed} of {result.requests} requests failed")
    return result


def _cost(
    machine: Machine,
    deployment: Deployment,
    endpoint: Endpoint,
    rate: float,
    seconds: float,
) -> Cost:
    pids = [replica.pid for replica in deployment.traced[endpoint.function]]

    def backends() -> float:
        # Anew each time: a replica connects when it first has to.
        postmaster = machine.storage.postmaster()
        return cpu.seconds(cpu.backends(postmaster, deployment.database))

    before = cpu.seconds(pids), backends()
    workload = endpoint.workload(deployment.data_set)
    result = latency.at_rate(deployment.edge.port, workload, rate, seconds)
    requests = rate * seconds
    return Cost(
        p50=result.p50,
        p99=result.p99,
        failed=result.failed,
        function_cpu=(cpu.seconds(pids) - before[0]) / requests * 1e6,
        database_cpu=(backends() - before[1]) / requests * 1e6,
    )
