"""Startup time and memory of one replica of a function."""

import time
from functools import partial
from pathlib import Path
from statistics import median

from tests.benchmark import cpu, load, workloads
from tests.benchmark.experiments import CONNECTIONS
from tests.benchmark.processes import HOST, Replica
from tests.benchmark.systems import Machine
from tests.waiting import status_of, wait_until

_PATHS = {"messages": "/latest", "timeline": "/login"}


def seconds_to_ready(machine: Machine, function: str, database: str) -> float:
    """Return how long after its start a function says that it is ready."""

    def once() -> float:
        start = time.monotonic()
        with machine.function(function, database) as replica:
            while not _is_ready(replica):
                time.sleep(0.005)
            return time.monotonic() - start

    return median(once() for _ in range(5))


def memory(
    machine: Machine, function: str, database: str, requests: int
) -> tuple[float, float]:
    """Return a fresh function's megabytes (PSS), and those after so many requests.

    The latter is 0 for a function that has no path which is read so often.
    """
    with machine.function(function, database) as replica:
        wait_until(partial(_is_ready, replica))
        idle = _pss(replica.pid)
        path = _PATHS.get(function)
        if path is None:
            return idle, 0.0
        left = requests
        while left > 0:
            workload = workloads.reads(path)
            left -= load.apply([replica.port], workload, 10, CONNECTIONS).requests
        return idle, _pss(replica.pid)


def _is_ready(replica: Replica) -> bool:
    return status_of(f"http://{HOST}:{replica.operator_port}/ready") == 200


def _pss(pid: int) -> float:
    """Return the megabytes of a process and its children, shared pages divided."""
    kilobytes = 0
    for member in cpu.family(pid):
        for line in Path(f"/proc/{member}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kilobytes += int(line.split()[1])
    return kilobytes / 1024
