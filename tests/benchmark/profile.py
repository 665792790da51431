"""Profile of the hot path: CPU time of a function by call, as a table.

The function runs inside this process, behind a real database, and cProfile watches it.
The profiler makes calls dearer than they are, so read the shares, not the times.
"""

import cProfile
import io
import pstats
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from falcon import testing

from minitwit.postgres.network import BLOCKING
from minitwit.web.app import create_app
from tests.benchmark.dataset import DATA_SETS
from tests.benchmark.load import CREDENTIAL
from tests.benchmark.systems import Machine
from tests.benchmark.workloads import Request, posts, reads

_REQUESTS = 2_000
_ROWS = 18


def profile(machine: Machine) -> str:
    """Return a table for a read and for a write of the messages function."""
    data_set = DATA_SETS["100k"]
    with machine.storage.database(data_set, "profile") as database:
        app = create_app(machine.environment("messages", database), BLOCKING)
        workloads = {
            "GET /msgs?no=20": reads("/msgs?no=20"),
            "POST /msgs/<user>?latest=…": posts(data_set),
        }
        tables = [
            f"{name}\n{_table(_watched(app, workload))}"
            for name, workload in workloads.items()
        ]
        app.close()
    return "\n".join(tables)


def _watched(app: Any, workload: Sequence[Request]) -> pstats.Stats:
    environs = [_environ(workload[n % len(workload)]) for n in range(_REQUESTS)]
    app(_environ(workload[0]), testing.StartResponseMock())  # Connects and prepares.
    watch = cProfile.Profile()
    for environ in environs:
        start_response = testing.StartResponseMock()
        watch.enable()
        for _ in app(environ, start_response):
            pass
        watch.disable()
    return pstats.Stats(watch, stream=io.StringIO())


def _table(stats: pstats.Stats) -> str:
    """Return the functions with most time of their own, for one request."""
    timed: Mapping[tuple[str, int, str], tuple[int, int, float, float, Any]]
    timed = stats.stats  # type: ignore[attr-defined]
    calls = sum(row[1] for row in timed.values()) / _REQUESTS
    total = sum(row[2] for row in timed.values())
    lines = [f"{calls:.0f} calls a request\n  share     µs  calls  where\n"]
    for where, row in sorted(timed.items(), key=lambda item: -item[1][2])[:_ROWS]:
        share, microseconds = row[2] / total * 100, row[2] / _REQUESTS * 1e6
        lines.append(
            f"{share:5.1f} % {microseconds:6.1f} {row[1] / _REQUESTS:6.1f}  "
            f"{_place(*where)}\n"
        )
    return "".join(lines)


def _place(path: str, line: int, name: str) -> str:
    if path == "~":
        return name
    return f"{'/'.join(Path(path).parts[-2:])}:{line} {name}"


def _environ(request: Request) -> dict[str, Any]:
    path, _, query = request.target.partition("?")
    return testing.create_environ(
        path=path,
        query_string=query,
        method=request.method,
        body=request.body,
        headers={"Authorization": CREDENTIAL, "Content-Type": "application/json"},
    )
