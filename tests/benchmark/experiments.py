"""The experiments: candidates take turns in short slices, and medians count.

Other work on the machine then slows all candidates of a round alike, and the ratios
within a round stay what they are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median

from tests.benchmark import cpu, latency, load, pgbench, workloads
from tests.benchmark.dataset import DataSet
from tests.benchmark.endpoints import Endpoint
from tests.benchmark.processes import Replica
from tests.benchmark.systems import Machine
from tests.benchmark.workloads import Request

CONNECTIONS = 16

# What a candidate does with the number of a round: it returns its rate.
Candidate = Callable[[], float]

Rates = dict[str, list[float]]


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

    """

    data_set: DataSet
    database: str
    traced: Mapping[str, Sequence[Replica]]
    edge: Replica
    untraced: Mapping[str, Sequence[Replica]] = field(default_factory=dict)
    bare: Sequence[Replica] = ()


def take_turns(candidates: Mapping[str, Candidate], effort: Effort) -> Rates:
    """Let each candidate run once a round; return their rates by round."""
    rates: Rates = {name: [] for name in candidates}
    for _ in range(effort.rounds):
        for name, run in candidates.items():
            rates[name].append(run())
    return rates


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

    def loaded(replicas: Sequence[Replica]) -> Candidate:
        ports = [replica.port for replica in replicas]
        _warm_up(ports, workload)
        return lambda: _rate(ports, workload, effort)

    candidates = {
        "edge": loaded([deployment.edge]),
        "direct": loaded(deployment.traced[endpoint.function]),
        "untraced": loaded(deployment.untraced[endpoint.function]),
    }
    if endpoint.is_bare_too():
        candidates["bare"] = loaded(deployment.bare)
    if endpoint.statements:
        statements = endpoint.statements(deployment.data_set)
        replicas = len(deployment.traced[endpoint.function])
        own = replicas * machine.threads
        for name, connections in (("pgbench", own), ("pgbench best", CONNECTIONS)):
            candidates[name] = partial(
                pgbench.rate,
                machine.storage,
                deployment.database,
                statements,
                effort.seconds,
                connections,
            )
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

    def candidate(replica: Replica, make: Callable[[], Sequence[Request]]) -> Candidate:
        return lambda: _rate([replica.port], make(), effort)

    return {
        kind: take_turns(
            {name: candidate(s, make) for name, s in systems.items()}, effort
        )
        for kind, make in kinds.items()
    }


@dataclass(frozen=True)
class Cost:
    """Latency at a constant rate, and CPU microseconds of a request."""

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
) -> dict[str, Cost]:
    """Measure an endpoint through the edge on several data sets, taking turns."""
    costs: dict[str, list[Cost]] = {d.data_set.name: [] for d in deployments}
    for _ in range(effort.rounds):
        for deployment in deployments:
            cost = _cost(machine, deployment, endpoint, rate, effort.seconds)
            costs[deployment.data_set.name].append(cost)
    return {name: _median_cost(each) for name, each in costs.items()}


def scaling(deployment: Deployment, endpoint: Endpoint, effort: Effort) -> Rates:
    """Measure one replica against two; `cpu` is a request's CPU, in microseconds."""
    replicas = deployment.traced[endpoint.function]
    workload = endpoint.workload(deployment.data_set)
    rates: Rates = {"one": [], "two": [], "one cpu": [], "two cpu": []}
    for _ in range(effort.rounds):
        for name, group in (("one", replicas[:1]), ("two", replicas)):
            pids = [replica.pid for replica in group]
            before = cpu.seconds(pids)
            result = load.apply(
                [r.port for r in group], workload, effort.seconds, CONNECTIONS
            )
            rates[name].append(result.per_second)
            spent = cpu.seconds(pids) - before
            rates[f"{name} cpu"].append(spent / result.requests * 1e6)
    return rates


def _warm_up(ports: Sequence[int], workload: Sequence[Request]) -> None:
    """Let every thread connect and prepare its statements."""
    load.apply(ports, workload, 1, CONNECTIONS)


def _rate(ports: Sequence[int], workload: Sequence[Request], effort: Effort) -> float:
    result = load.apply(ports, workload, effort.seconds, CONNECTIONS)
    if result.failed:
        raise RuntimeError(f"{result.failed} of {result.requests} requests failed")
    return result.per_second


def _cost(
    machine: Machine,
    deployment: Deployment,
    endpoint: Endpoint,
    rate: float,
    seconds: float,
) -> Cost:
    pids = [replica.pid for replica in deployment.traced[endpoint.function]]
    backends = cpu.backends(machine.storage.postmaster(), deployment.database)
    before = cpu.seconds(pids), cpu.seconds(backends)
    workload = endpoint.workload(deployment.data_set)
    result = latency.at_rate(deployment.edge.port, workload, rate, seconds)
    requests = rate * seconds
    return Cost(
        p50=result.p50,
        p99=result.p99,
        failed=result.failed,
        function_cpu=(cpu.seconds(pids) - before[0]) / requests * 1e6,
        database_cpu=(cpu.seconds(backends) - before[1]) / requests * 1e6,
    )


def _median_cost(costs: Sequence[Cost]) -> Cost:
    return Cost(
        p50=median(c.p50 for c in costs),
        p99=median(c.p99 for c in costs),
        failed=sum(c.failed for c in costs),
        function_cpu=median(c.function_cpu for c in costs),
        database_cpu=median(c.database_cpu for c in costs),
    )
