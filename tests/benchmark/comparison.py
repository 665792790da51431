"""Throughput and CPU of each endpoint beside another checkout of this repository.

Both run with a server and data of their own, and are loaded at once, so that whatever
else slows the machine slows both: in turns, the medians of two clones of one commit
were up to 8 % apart. They are started several times, as a server may be faster than
another of the same code for as long as it runs. What two clones of one commit differ by
is chance.
"""

import json
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from math import sqrt
from pathlib import Path
from statistics import mean, median, stdev
from typing import NamedTuple

from tests.benchmark.dataset import DATA_SETS
from tests.benchmark.endpoints import Endpoint, endpoints, sign_in
from tests.benchmark.experiments import Effort, rate_and_cpu, warm_up
from tests.benchmark.processes import ROOT

_DATA_SET = DATA_SETS["100k"]

_SLICE = 1.0  # seconds, the shortest of wrk

_Measured = tuple[float, float]  # requests a second, microseconds of CPU a request

# What a checkout runs with its own modules, until its input ends.
_SERVE = """
import json, sys
from pathlib import Path
from tests.benchmark.dataset import DATA_SETS
from tests.benchmark.run import deployed, machine_in

with (
    machine_in(Path(sys.argv[1])) as machine,
    deployed(machine, DATA_SETS[sys.argv[2]]) as deployment,
):
    ports = {name: [r.port for r in rs] for name, rs in deployment.traced.items()}
    print("ports", json.dumps(ports | {"edge": [deployment.edge.port]}), flush=True)
    sys.stdin.read()
"""


@dataclass(frozen=True)
class Side:
    """What a checkout runs: the ports of each function and of the edge, and all of it.

    Attributes:
        ports: by function, and `edge`.
        pid: of the process that has started everything, PostgreSQL included.

    """

    ports: Mapping[str, list[int]]
    pid: int


def shares(
    other: Path, folder: Path, effort: Effort, starts: int, names: Collection[str] = ()
) -> Iterator[str]:
    """Yield a line for each endpoint, direct and through the edge, after each start.

    Args:
        other: the checkout, in which `make setup` was run.
        folder: for the servers of both.
        effort: of each endpoint; its rounds are divided into more.
        starts: of both, at least one.
        names: of the endpoints, if not all.

    """
    found: dict[str, list[_Shares]] = {}
    effort = Effort(_SLICE, round(effort.seconds * effort.rounds / _SLICE))
    checkouts = [("other", other), ("this", ROOT)]
    for start in range(starts):
        yield f"start {start + 1} of {starts}"
        with ExitStack() as stack:
            sides = {
                name: stack.enter_context(_serving(checkout, folder / name))
                for name, checkout in checkouts
            }
            for row, share in _compared(sides, effort, names):
                if share is None:
                    yield f"{row}: not answered by both as it should be"
                else:
                    found.setdefault(row, []).append(share)
                    yield f"{row}: rate {share.rate:.2f}, CPU {share.cpu:.2f}"
        # Which is started first may decide where its memory lies.
        checkouts.reverse()
    yield f"mean of {starts} starts, as share of the other's, and its standard error"
    for row, each in found.items():
        rate = _summary([share.rate for share in each])
        yield f"{row}: rate {rate}, CPU {_summary([share.cpu for share in each])}"


class _Shares(NamedTuple):
    """What an endpoint has of the other's: of its rate, and of a request's CPU."""

    rate: float
    cpu: float


def _summary(values: Sequence[float]) -> str:
    if len(values) == 1:
        return f"{values[0]:.3f}"
    return f"{mean(values):.3f} ± {stdev(values) / sqrt(len(values)):.3f}"


def _compared(
    sides: Mapping[str, Side], effort: Effort, names: Collection[str]
) -> Iterator[tuple[str, _Shares | None]]:
    signed_in = {
        name: endpoints({_DATA_SET.name: sign_in(side.ports["edge"][0])})
        for name, side in sides.items()
    }
    for alike in zip(*signed_in.values(), strict=True):
        endpoint = alike[0]
        if names and endpoint.name not in names:
            continue
        systems = {
            name: (side, each)
            for (name, side), each in zip(sides.items(), alike, strict=True)
        }
        for service in (endpoint.function, "edge"):
            where = "edge" if service == "edge" else "direct"
            yield f"{endpoint.name}, {where}", _share(systems, service, effort)


def _share(
    systems: Mapping[str, tuple[Side, Endpoint]], service: str, effort: Effort
) -> _Shares | None:
    """Return the shares of a service; None where one side lacks the endpoint."""
    candidates = {}
    for name, (side, endpoint) in systems.items():
        workload, ports = endpoint.workload(_DATA_SET), side.ports[service]
        warm_up(ports, workload)
        # The edge decides itself what is traced.
        traced = service != "edge"
        candidates[name] = partial(
            rate_and_cpu, ports, [side.pid], workload, effort, traced
        )
    try:
        slices = [_at_once(candidates) for _ in range(effort.rounds)]
    except RuntimeError:
        return None
    return _Shares(
        *(median(both["this"][n] / both["other"][n] for both in slices) for n in (0, 1))
    )


def _at_once(candidates: Mapping[str, Callable[[], _Measured]]) -> dict[str, _Measured]:
    with ThreadPoolExecutor(len(candidates)) as pool:
        running = {name: pool.submit(run) for name, run in candidates.items()}
        return {name: future.result() for name, future in running.items()}


@contextmanager
def _serving(checkout: Path, folder: Path) -> Iterator[Side]:
    """Run the functions and the edge of a checkout until the block ends."""
    python = checkout / ".venv" / "bin" / "python"
    with subprocess.Popen(
        [python, "-c", _SERVE, folder, _DATA_SET.name],
        cwd=checkout,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        for line in process.stdout:
            if line.startswith("ports "):
                yield Side(json.loads(line.removeprefix("ports ")), process.pid)
                return
        raise RuntimeError(f"{checkout} cannot be measured: see above")
