"""`scale`: changes how many replicas of a function run, and touches nothing else."""

from dataclasses import dataclass

from deploy.local.errors import LocalRunError
from deploy.local.layout import Layout
from deploy.local.lock import exclusive
from deploy.local.ports import free_ports
from deploy.local.replicas import Replica, Scale, make_replicas, parse_scale, scale_of
from deploy.local.supervision import Supervisor
from deploy.local.system import System
from deploy.local.waiting import Waiting

_AT_WORK = "Another `make scale` is at work (process {}): try again when it is done."


def scale(layout: Layout, text: str) -> System:
    """Bring a running system to the scale that a text like "timeline=3" asks for.

    Raises:
        LocalRunError: nothing runs, the text is wrong, or a new replica fails.

    """
    supervisor = Supervisor(layout.supervisor_socket)
    require_running(layout, supervisor)
    waiting = Waiting(supervisor, layout.logs, supervisor.is_running)
    with exclusive(layout.run / "scale.lock", _AT_WORK):
        system = System.load(layout)
        wanted = parse_scale(text, scale_of(system.replicas))
        return Scaling(layout, supervisor, waiting).apply(system, wanted)


def require_running(layout: Layout, supervisor: Supervisor) -> None:
    """Check that a system runs.

    Raises:
        LocalRunError: none does.

    """
    if not supervisor.is_running():
        raise LocalRunError(
            f"MiniTwit does not run in {layout.folder}: start it with `make up`."
        )


@dataclass(frozen=True)
class Scaling:
    """The steps from one scale to another, in an order that loses no request."""

    layout: Layout
    supervisor: Supervisor
    waiting: Waiting

    def apply(self, system: System, wanted: Scale) -> System:
        """Change what runs, and return what runs then.

        Raises:
            LocalRunError: a new replica does not start; then nothing has changed.

        """
        staying = [r for r in system.replicas if r.number <= wanted[r.function]]
        with free_ports(2 * (sum(wanted.values()) - len(staying))) as ports:
            coming = make_replicas(wanted, staying, ports)
            # The new ones answer before the edge knows them; the edge has forgotten
            # the old ones before they stop.
            self._add(system, coming)
            scaled = system.with_replicas([*staying, *coming])
            scaled.save_routes(self.layout)
            self.waiting.until_routed(scaled.traefik_port, scaled.replicas)
            self._supervise(scaled)
        return scaled

    def _add(self, system: System, coming: list[Replica]) -> None:
        self._supervise(system.with_replicas([*system.replicas, *coming]))
        try:
            self.waiting.until_ready(coming)
        except LocalRunError:
            self._supervise(system)
            raise

    def _supervise(self, system: System) -> None:
        system.save_programs(self.layout)
        self.supervisor.apply_configuration()
