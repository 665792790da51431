"""Capacity model: how many requests a second some cores answer.

A request costs CPU at the edge, in a function and in the database, and leaves bytes.
What each kind costs is in docs/scaling.json (`python -m tests.benchmark capacity`), and
how the database's part grows with the data in docs/benchmark.json. A mix of kinds costs
their mean, and the resource whose cores are used up first decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from statistics import median
from typing import Any

from tests.benchmark.workloads import SCENARIO

REGISTER, UNFOLLOW = "POST /register", "POST /fllws/<user>, unfollow"
TWEET, FOLLOW = "POST /msgs/<user>", "POST /fllws/<user>"
ACTIONS = (REGISTER, TWEET, FOLLOW, UNFOLLOW)
READS = ("GET /msgs?no=20", "GET /msgs/<user>?no=20", "GET /fllws/<user>?no=20")
PAGES = ("GET /public", "GET /<user>", "GET / (a usual reader's)")

# The published simulator sends one action at a time: it waits for the answer, then for
# 3 ms (the mean delay of the scenario, divided by 100,000). With an answer in 3 ms,
# that is what it sends a second.
TODAY = 170

_USED = 0.9  # of a quota, at least, where the quota is what limits

Mix = Mapping[str, float]


@dataclass(frozen=True)
class Cost:
    """What a request costs.

    Args:
        edge: CPU of Traefik, in microseconds.
        function: CPU of the function, in microseconds.
        database: CPU of PostgreSQL with its background processes, in microseconds.
        wal: bytes of write-ahead log.
        rows: bytes that its rows take, with their indexes.
        log: bytes of the access log, as Docker stores them.

    """

    edge: float
    function: float
    database: float
    wal: float = 0
    rows: float = 0
    log: float = 0

    def cpu(self, parts: Sequence[str]) -> float:
        """Return the CPU of some parts, in microseconds."""
        return sum(float(getattr(self, part)) for part in parts)


@dataclass(frozen=True)
class Pool:
    """Cores that some parts of the system share: those of one or several droplets.

    Args:
        parts: whose requests' CPU they pay for.
        cores: how many there are.
        idle: cores of these that the processes use without requests.

    """

    parts: tuple[str, ...]
    cores: float
    idle: float = 0

    def rate(self, cost: Cost) -> float:
        """Return the requests a second with which the cores are busy."""
        return (self.cores - self.idle) * 1e6 / cost.cpu(self.parts)


def mean(costs: Mapping[str, Cost], mix: Mix) -> Cost:
    """Return what a request of a mix costs on average."""
    return Cost(
        **{
            field.name: sum(
                share * getattr(costs[kind], field.name) for kind, share in mix.items()
            )
            / sum(mix.values())
            for field in fields(Cost)
        }
    )


def simulator(reads: float = 0.25) -> Mix:
    """Return the shares of the scenario's actions, with so many reads for each."""
    numbers: dict[str, float] = dict(zip(ACTIONS, SCENARIO.values(), strict=True))
    actions = sum(numbers.values())
    numbers |= dict.fromkeys(READS, actions * reads / len(READS))
    return {kind: number / (actions * (1 + reads)) for kind, number in numbers.items()}


def with_readers(views: float) -> Mix:
    """Return the simulator's mix with so many page views for each of its requests."""
    shares = {kind: share / (1 + views) for kind, share in simulator().items()}
    return shares | dict.fromkeys(PAGES, views / (1 + views) / len(PAGES))


def costs(measured: Mapping[str, Any], number: int | None = None) -> dict[str, Cost]:
    """Return each kind's cost: of one round, or the medians of all."""

    def figure(rounds: Sequence[float]) -> float:
        return median(rounds) if number is None else rounds[number]

    return {
        kind: Cost(**{name: figure(rounds) for name, rounds in figures.items()})
        for kind, figures in measured["costs"].items()
    }


def grown(costs: Mapping[str, Cost], benchmark: Mapping[str, Any]) -> dict[str, Cost]:
    """Return the costs with 3.2 million messages, where those measured have 100,000."""
    latency = benchmark["latency"]

    def factor(kind: str) -> float:
        if kind not in latency:
            return 1.0
        of = latency[kind]
        before, after = (float(of[name]["database_cpu"]) for name in ("100k", "3.2m"))
        return max(1.0, after / before)

    return {
        kind: Cost(**{**vars(cost), "database": cost.database * factor(kind)})
        for kind, cost in costs.items()
    }


@dataclass(frozen=True)
class Check:
    """Runs under a quota: requests a second, predicted and measured, by round."""

    limited: str
    cores: float
    predicted: list[float]
    measured: list[float]

    def ratio(self) -> float:
        """Return the median of measured over predicted, round by round."""
        pairs = zip(self.measured, self.predicted, strict=True)
        return median(measured / predicted for measured, predicted in pairs)


def checks(measured: Mapping[str, Any]) -> list[Check]:
    """Predict each run from what the same round has measured.

    A run in which the processes could not use their quota says nothing about it.
    """
    found = []
    for run in measured["runs"]:
        check = Check(run["limited"], run["cores"], [], [])
        for number, used in enumerate(run["used"]):
            if used >= _USED:
                check.predicted.append(_predicted(measured, run, number))
                check.measured.append(run["measured"][number])
        found.append(check)
    return found


def _predicted(
    measured: Mapping[str, Any], run: Mapping[str, Any], number: int
) -> float:
    """Return the requests a second of the cores of a run, by the costs of a round."""
    processes: Mapping[str, int] = run["processes"]
    # Of all rounds: a moment without requests may still hold work of those before.
    idle = sum(
        count * median(measured["idle"][part]) for part, count in processes.items()
    )
    pool = Pool(tuple(processes), run["cores"], idle)
    return pool.rate(mean(costs(measured, number), simulator()))
