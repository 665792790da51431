"""What TLS to PostgreSQL costs: one server and database, with and without it.

Both sides connect over TCP. The server is the one that
tests/data/install-postgres unpacks, as the wheel's has no TLS.
"""

import http.client
import itertools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import quantiles

from deploy.local.postgres import DATABASE, SUPERUSER
from minitwit.postgres.roles import OWNER
from tests.benchmark import cpu
from tests.benchmark.dataset import DATA_SETS
from tests.benchmark.endpoints import endpoints
from tests.benchmark.experiments import Effort
from tests.benchmark.latency import send
from tests.benchmark.processes import HOST
from tests.benchmark.storage import Storage
from tests.benchmark.systems import Machine
from tests.data.encrypting import EncryptingCluster, EncryptingServer, encrypting_server

_ENDPOINTS = ("GET /latest", "GET /msgs?no=20", "POST /msgs/<user>", "GET /public")
# Other work on the machine adds to the CPU of a request, by emptying caches. So there
# are many short slices, which alternate, and the lower quartiles of both are compared.
_SLICE = 100  # requests, one after the other
_ROUNDS = 20  # times as many as of longer slices


@dataclass(frozen=True)
class _Cost:
    """CPU microseconds of a request."""

    function: float
    database: float


_FIGURES: dict[str, Callable[[_Cost], float]] = {
    "function": lambda cost: cost.function,
    "database": lambda cost: cost.database,
    "both": lambda cost: cost.function + cost.database,
}


@dataclass(frozen=True)
class _Client(EncryptingCluster):
    """The server as functions reach it: over TCP, with TLS if they have a CA."""

    ca: Path | None = None

    def environment(
        self, role: str = OWNER, database: str = DATABASE
    ) -> dict[str, str]:
        """Return the variables by which a process connects as a role."""
        variables = super().environment(role, database)
        if role == OWNER:
            return variables
        variables["MINITWIT_DATABASE_URL"] = self.tcp_url(role, database=database)
        if self.ca:
            variables["MINITWIT_DATABASE_CA_FILE"] = str(self.ca)
        return variables


class _Storage(Storage):
    def environment(self, role: str = SUPERUSER) -> dict[str, str]:
        """Return what libpq's programs need to reach the server."""
        assert isinstance(self.cluster, _Client)
        return super().environment(role) | {"PGPORT": str(self.cluster.port)}


def costs(folder: Path, effort: Effort) -> Iterator[str]:
    """Yield a line for each endpoint: CPU of a request, without TLS and with it.

    Args:
        folder: for data and logs.
        effort: of each endpoint.

    """
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=folder) as work,
        encrypting_server(Path(work), requires_tls=False) as server,
    ):
        machines = {
            "plain": _machine(server, Path(work), None),
            "TLS": _machine(server, Path(work), server.certificate.ca),
        }
        storage = machines["plain"].storage
        with storage.database(DATA_SETS["100k"], "encryption") as database:
            patient = replace(effort, rounds=effort.rounds * _ROUNDS)
            for name in _ENDPOINTS:
                yield _compare(machines, database, name, patient)


def _machine(server: EncryptingServer, folder: Path, ca: Path | None) -> Machine:
    cluster = server.cluster
    client = _Client(
        *(cluster.data, cluster.secrets, cluster.sockets),
        port=cluster.port,
        ca=ca,
    )
    return Machine(_Storage(folder, client), folder)


def _compare(
    machines: dict[str, Machine], database: str, name: str, effort: Effort
) -> str:
    [endpoint] = [each for each in endpoints({}) if each.name == name]
    requests = itertools.cycle(endpoint.workload(DATA_SETS["100k"]))
    with ExitStack() as stack:
        replicas = {
            kind: stack.enter_context(machine.function(endpoint.function, database))
            for kind, machine in machines.items()
        }
        clients = {
            kind: http.client.HTTPConnection(HOST, replica.port, timeout=30)
            for kind, replica in replicas.items()
        }

        def cost(kind: str) -> _Cost:
            backends = cpu.backends(machines[kind].storage.postmaster(), database)
            function = [replicas[kind].pid]
            before = cpu.seconds(function), cpu.seconds(backends)
            for request in itertools.islice(requests, _SLICE):
                if send(clients[kind], request) >= 400:
                    raise RuntimeError(f"{name} failed")
            spent = (cpu.seconds(function) - before[0]) / _SLICE * 1e6
            return _Cost(spent, (cpu.seconds(backends) - before[1]) / _SLICE * 1e6)

        for kind in machines:
            cost(kind)  # Connections are opened and statements prepared.
        rounds = [{kind: cost(kind) for kind in machines} for _ in range(effort.rounds)]
    plain, tls = ([each[kind] for each in rounds] for kind in machines)
    changes = (
        f"{what} {_change(list(map(figure, plain)), list(map(figure, tls)))}"
        for what, figure in _FIGURES.items()
    )
    return f"{name}, us of CPU: {'; '.join(changes)}"


def _change(plain: Sequence[float], tls: Sequence[float]) -> str:
    before, after = (quantiles(each, n=4)[0] for each in (plain, tls))
    return f"{before:.0f} -> {after:.0f} ({after / before - 1:+.1%})"
