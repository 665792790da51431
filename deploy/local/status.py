"""`status`: what runs, in a table."""

from collections.abc import Iterator

from deploy.local.layout import Layout
from deploy.local.ports import LOOPBACK
from deploy.local.scaling import require_running
from deploy.local.supervision import Supervisor
from deploy.local.system import System

_ROW = "{:<14}{:<10}{:<8}{:<11}{}"


def status(layout: Layout) -> str:
    """Return a table of what runs.

    Raises:
        LocalRunError: nothing does.

    """
    supervisor = Supervisor(layout.supervisor_socket)
    require_running(layout, supervisor)
    system = System.load(layout)
    return "\n".join(
        [
            f"MiniTwit at {system.url}, "
            f"Traefik's dashboard at http://{LOOPBACK}:{system.traefik_port}/dashboard/",
            "",
            _ROW.format("NAME", "STATE", "PORT", "OPERATORS", "PROCESS"),
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
