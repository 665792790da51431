"""Systems under comparison, each a context manager that yields its addresses."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.secret_files import secret_file
from minitwit.postgres.roles import function_role
from tests.benchmark.processes import HOST, Replica, free_port, running
from tests.benchmark.storage import Storage

_GUNICORN = [sys.executable, "-m", "gunicorn"]


@dataclass(frozen=True)
class Telemetry:
    """Where a function's traces go; nowhere without an endpoint."""

    endpoint: str | None = None
    ratio: float = 0.1

    def environment(self) -> dict[str, str]:
        """Return the settings that say so."""
        if self.endpoint is None:
            return {}
        return {
            "MINITWIT_OTLP_ENDPOINT": self.endpoint,
            "MINITWIT_TRACE_SHARE": str(self.ratio),
        }


@dataclass(frozen=True)
class Machine:
    """What every system of a run shares: the storage and a folder for logs."""

    storage: Storage
    logs: Path
    telemetry: Telemetry = field(default_factory=Telemetry)

    def environment(self, function: str, database: str) -> dict[str, str]:
        """Return a function's settings, without ports and telemetry."""
        cluster = self.storage.cluster
        return {
            "MINITWIT_FUNCTION": function,
            "MINITWIT_HOST": HOST,
            **cluster.environment(function_role(function), database),
            "MINITWIT_SESSION_KEYS_FILE": str(
                secret_file(cluster.secrets, "session_keys")
            ),
            "MINITWIT_DRAIN_SECONDS": "0",
            # Only so that a busy machine fails no request.
            "MINITWIT_CONNECT_TIMEOUT": "20",
            "MINITWIT_STATEMENT_TIMEOUT_MS": "20000",
        }

    @contextmanager
    def function(
        self, name: str, database: str, telemetry: Telemetry | None = None
    ) -> Iterator[Replica]:
        """Run a replica of a function."""
        environment = self.environment(name, database)
        environment |= (telemetry or self.telemetry).environment()
        application = "minitwit.web.app:create_app()"
        with self._gunicorn(application, name, environment) as replica:
            yield replica

    @contextmanager
    def bare(self, database: str) -> Iterator[Replica]:
        """Run a replica of the bare handler."""
        environment = self.environment("messages", database)
        application = "tests.benchmark.bare:create_app()"
        with self._gunicorn(application, "bare", environment) as replica:
            yield replica

    @contextmanager
    def original(self, sqlite: Path, workers: int) -> Iterator[Replica]:
        """Run the original's design: Flask and SQLite under gunicorn's sync worker."""
        port = free_port()
        command = [*_GUNICORN, "-w", str(workers), "-b", f"{HOST}:{port}"]
        with running(
            [*command, "--no-control-socket", "tests.benchmark.original:app"],
            port,
            self.logs / "original.log",
            {"MINITWIT_ORIGINAL_DATABASE": str(sqlite)},
        ) as process:
            yield Replica(port, process.pid)

    @contextmanager
    def _gunicorn(
        self, application: str, name: str, environment: Mapping[str, str]
    ) -> Iterator[Replica]:
        port, operator_port = free_port(), free_port()
        ports = {
            "MINITWIT_PORT": str(port),
            "MINITWIT_OPERATOR_PORT": str(operator_port),
        }
        with running(
            [*_GUNICORN, "-c", "deploy/gunicorn.conf.py", application],
            port,
            self.logs / f"{name}.log",
            {**environment, **ports},
        ) as process:
            yield Replica(port, process.pid, operator_port)


@contextmanager
def running_sink(logs: Path) -> Iterator[str]:
    """Run a collector that discards; lends its address."""
    port = free_port()
    command = [sys.executable, "-m", "tests.benchmark.sink", str(port)]
    with running(command, port, logs / "sink.log"):
        yield f"http://{HOST}:{port}"
