"""`status`: a table of what runs."""

from collections.abc import Iterator

from deploy.local.paths import Paths
from deploy.local.ports import LOOPBACK
from deploy.local.supervision import Supervisor
from deploy.local.system import System, running_system

_ROW = "{:<14}{:<10}{:<8}{:<15}{}"


def status(paths: Paths) -> str:
    """Return a table of what runs.

    Raises:
        LocalRunError: nothing runs.

    """
    system = running_system(paths)
    supervisor = Supervisor(paths.supervisor_socket)
    return "\n".join(
        [
            f"MiniTwit at {system.url}, "
            f"Traefik's dashboard at http://{LOOPBACK}:{system.traefik_port}/dashboard/",
            "",
            _ROW.format("NAME", "STATE", "PORT", "OPERATOR PORT", "PROCESS"),
            *_rows(system, supervisor),
        ]
    )


def _rows(system: System, supervisor: Supervisor) -> Iterator[str]:
    ports = {r.name: (str(r.port), str(r.operator_port)) for r in system.replicas}
    ports["traefik"] = (str(system.port), str(system.traefik_port))
    for process in supervisor.processes():
        port, operator_port = ports.get(process.name, ("", ""))
        yield _ROW.format(
            process.name, process.state, port, operator_port, process.description
        )
