"""Other stacks: the same requests and statements, without credentials and telemetry.

Each is optional: what is not installed is left out.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from minitwit.postgres.database import PLANNING
from minitwit.postgres.roles import function_role
from minitwit.queries import statements
from tests.benchmark.processes import HOST, ROOT, Replica, free_port, running
from tests.benchmark.systems import Machine

GO, GO_EDGE = "Go", "Go, edge"

_BLOCKING = "tests.benchmark.bare:create_blocking_app"
_GUNICORN = ("gunicorn", "--no-control-socket", "--keep-alive", "120")
_BIND = f"{HOST}:{{port}}"


@dataclass(frozen=True)
class Peer:
    """A stack.

    Args:
        module: that it needs.
        arguments: of `python -m`; `{port}` stands for the port.

    """

    module: str
    arguments: Sequence[str] = field(default_factory=tuple)


PEERS = {
    "Granian": Peer(
        "granian",
        (
            *("granian", "--interface", "wsgi", "--factory", "--blocking-threads", "8"),
            *("--host", HOST, "--port", "{port}", _BLOCKING),
        ),
    ),
    "gevent": Peer(
        "gevent", (*_GUNICORN, "-k", "gevent", "-b", _BIND, f"{_BLOCKING}()")
    ),
    "gthread": Peer(
        "gunicorn", (*_GUNICORN, "--threads", "8", "-b", _BIND, f"{_BLOCKING}()")
    ),
    "FastAPI": Peer(
        "fastapi",
        (
            *("uvicorn", "--factory", "--no-access-log", "--log-level", "warning"),
            *("--host", HOST, "--port", "{port}"),
            "tests.benchmark.fastapi_peer:create_app",
        ),
    ),
}


def installed() -> list[str]:
    """Return the peers of Python that can run here."""
    return [name for name, peer in PEERS.items() if find_spec(peer.module)]


@contextmanager
def running_peer(machine: Machine, name: str, database: str) -> Iterator[Replica]:
    """Run a replica of a peer of Python."""
    port = free_port()
    arguments = [each.format(port=port) for each in PEERS[name].arguments]
    command = [sys.executable, "-m", *arguments]
    environment = machine.environment("messages", database)
    with _run(machine, name, command, port, database, environment) as replica:
        yield replica


def built_go_peer(folder: Path) -> Path | None:
    """Build the peer in Go; None where Go is not installed or cannot build it."""
    go = shutil.which("go")
    if go is None:
        return None
    program = folder.resolve() / "go-peer"
    sources = ROOT / "tests" / "benchmark" / "go"
    build = subprocess.run([go, "build", "-o", program, "."], cwd=sources, check=False)
    return program if build.returncode == 0 else None


@contextmanager
def running_go_peer(
    machine: Machine, program: Path, database: str
) -> Iterator[Replica]:
    """Run a replica of the peer in Go."""
    port = free_port()
    with _run(machine, GO, [str(program)], port, database, {}) as replica:
        yield replica


@contextmanager
def _run(
    machine: Machine,
    name: str,
    command: Sequence[str],
    port: int,
    database: str,
    environment: Mapping[str, str],
) -> Iterator[Replica]:
    libpq = machine.storage.environment(function_role("messages"))
    options = " ".join(f"-c {name}={value}" for name, value in PLANNING.items())
    with running(
        command,
        port,
        machine.logs / f"{name}.log",
        {
            **libpq,
            **environment,
            "PGDATABASE": database,
            "PGOPTIONS": options,
            "PEER_PORT": str(port),
            "PEER_RECENT_MESSAGES": _numbered("recent_messages", "limit"),
            "PEER_ADD_MESSAGE": _numbered(
                "add_message", "username", "content", "latest"
            ),
        },
    ) as process:
        yield Replica(port, process.pid)


def _numbered(query: str, *parameters: str) -> str:
    """Return a statement with $1, $2 … for its parameters."""
    return re.sub(
        r"(?<!:):([a-z_]+)",
        lambda match: f"${parameters.index(match[1]) + 1}",
        statements()[query],
    )
