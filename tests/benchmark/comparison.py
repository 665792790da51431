"""Throughput of each endpoint beside that of another checkout of this repository.

Both run at once, each with a server and data of its own, and take turns.
"""

import json
import subprocess
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.benchmark.dataset import DATA_SETS
from tests.benchmark.endpoints import Endpoint, endpoints, sign_in
from tests.benchmark.experiments import Effort, ratio, take_turns, under_load
from tests.benchmark.processes import ROOT

_DATA_SET = DATA_SETS["100k"]

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

Ports = Mapping[str, list[int]]


def rates(
    other: Path, folder: Path, effort: Effort, names: Collection[str] = ()
) -> Iterator[str]:
    """Yield a line for each endpoint, direct and through the edge.

    Args:
        other: the checkout, in which `make setup` was run.
        folder: for the servers of both.
        effort: of each endpoint.
        names: of the endpoints, if not all.

    """
    with (
        _serving(other, folder / "other") as others,
        _serving(ROOT, folder / "this") as ours,
    ):
        signed_in = [
            endpoints({_DATA_SET.name: sign_in(ports["edge"][0])})
            for ports in (others, ours)
        ]
        for theirs, mine in zip(*signed_in, strict=True):
            if names and mine.name not in names:
                continue
            for where, service in (("direct", mine.function), ("edge", "edge")):
                systems = {
                    "other": (others[service], theirs),
                    "this": (ours[service], mine),
                }
                # The edge decides itself what is traced.
                line = _compared(systems, effort, traced=where == "direct")
                yield f"{mine.name}, {where}: {line}"


def _compared(
    systems: Mapping[str, tuple[list[int], Endpoint]], effort: Effort, traced: bool
) -> str:
    candidates = {
        name: under_load(ports, endpoint.workload(_DATA_SET), effort, traced)
        for name, (ports, endpoint) in systems.items()
    }
    try:
        found = take_turns(candidates, effort)
    except RuntimeError as error:
        return str(error)
    here, there = median(found["this"]), median(found["other"])
    share = ratio(found, "this", "other")
    return f"{here:,.0f} requests/s, {share:.2f} of the other's {there:,.0f}"


@contextmanager
def _serving(checkout: Path, folder: Path) -> Iterator[Ports]:
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
                yield json.loads(line.removeprefix("ports "))
                return
        raise RuntimeError(f"{checkout} cannot be measured: see above")
