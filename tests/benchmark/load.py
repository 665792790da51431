"""Throughput, measured by wrk with a number of connections."""

import base64
import json
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmark.processes import HOST
from tests.benchmark.workloads import Request

_SCRIPT = Path(__file__).with_name("load.lua")
CREDENTIAL = "Basic " + base64.b64encode(b"simulator:super_safe!").decode()


@dataclass(frozen=True)
class Load:
    """What a slice of load came to."""

    per_second: float
    p50: float  # milliseconds
    p99: float  # milliseconds
    requests: int
    failed: int


def apply(
    ports: Sequence[int],
    workload: Sequence[Request],
    seconds: float,
    connections: int,
    traced: bool = False,
) -> Load:
    """Send a workload to one or several ports at once, for some seconds.

    Args:
        ports: of servers that share the connections.
        workload: the requests, sent again and again.
        seconds: to go on for.
        connections: in all.
        traced: whether to name one request in ten as traced, as the edge does.

    Raises:
        RuntimeError: a request was not answered as it should be.

    """
    with tempfile.NamedTemporaryFile("w", suffix=".requests") as file:
        file.writelines(request.line() for request in workload)
        file.flush()
        loads = [
            subprocess.Popen(
                [
                    *(
                        "wrk",
                        "-t1",
                        f"-c{connections // len(ports)}",
                        f"-d{round(seconds)}s",
                    ),
                    *("--timeout", "30s", "-H", f"Authorization: {CREDENTIAL}"),
                    *("-s", str(_SCRIPT), f"http://{HOST}:{port}"),
                    *("--", file.name, *(["traced"] if traced else [])),
                ],
                stdout=subprocess.PIPE,
                text=True,
            )
            for port in ports
        ]
        outputs = [load.communicate()[0] for load in loads]
    return _sum([json.loads(output.splitlines()[-1]) for output in outputs])


def _sum(results: list[dict[str, float]]) -> Load:
    return Load(
        per_second=sum(r["requests"] / r["microseconds"] * 1e6 for r in results),
        p50=statistics.mean(r["p50"] for r in results) / 1000,
        p99=max(r["p99"] for r in results) / 1000,
        requests=int(sum(r["requests"] for r in results)),
        failed=int(sum(r["refused"] + r["broken"] for r in results)),
    )
