"""`scale`: changes the replicas of a running system without losing a request."""

from dataclasses import dataclass

from deploy.local.configuration import write_programs, write_routes
from deploy.local.errors import LocalRunError
from deploy.local.lock import exclusive
from deploy.local.paths import Paths
from deploy.local.ports import free_ports
from deploy.local.readiness import Readiness
from deploy.local.replicas import Replica, Scale, make_replicas, parse_scale, scale_of
from deploy.local.supervision import Supervisor
from deploy.local.system import System, running_system

_IS_SCALING = (
    "Another `make scale` is running (process {}): try again when it has ended."
)


def scale(paths: Paths, text: str) -> System:
    """Bring a running system to the scale of a text like "timeline=3".

    Raises:
        LocalRunError: nothing runs, the text is wrong, or a new replica fails.

    """
    running_system(paths)
    supervisor = Supervisor(paths.supervisor_socket)
    readiness = Readiness(supervisor, paths.logs, supervisor.is_running)
    with exclusive(paths.run / "scale.lock", _IS_SCALING):
        system = System.load(paths.state)
        target = parse_scale(text, scale_of(system.replicas))
        return Scaling(paths, supervisor, readiness).apply(system, target)


@dataclass(frozen=True)
class Scaling:
    """The steps from one scale to another, in an order that loses no request."""

    paths: Paths
    supervisor: Supervisor
    readiness: Readiness

    def apply(self, system: System, target: Scale) -> System:
        """Change what runs, and return what runs then.

        Raises:
            LocalRunError: a new replica does not start; then nothing has changed.

        """
        kept = [r for r in system.replicas if r.number <= target[r.function]]
        with free_ports(2 * (sum(target.values()) - len(kept))) as ports:
            added = make_replicas(target, kept, ports)
            # New replicas are ready before Traefik sends them requests, and it has
            # stopped sending requests to old ones before they are stopped.
            self._add(system, added)
            scaled = system.with_replicas([*kept, *added])
            write_routes(scaled, self.paths)
            self.readiness.until_routed(scaled.traefik_port, scaled.replicas)
            self._supervise(scaled)
        return scaled

    def _add(self, system: System, added: list[Replica]) -> None:
        self._supervise(system.with_replicas([*system.replicas, *added]))
        try:
            self.readiness.until_ready(added)
        except LocalRunError:
            self._supervise(system)
            raise

    def _supervise(self, system: System) -> None:
        write_programs(system, self.paths)
        self.supervisor.apply_configuration()
