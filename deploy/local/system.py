"""The running system: its ports and replicas, saved as JSON between commands."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

from deploy.local.errors import LocalRunError
from deploy.local.files import write_atomically
from deploy.local.paths import Paths
from deploy.local.replicas import Replica
from deploy.local.supervision import Supervisor


@dataclass(frozen=True)
class System:
    """The ports of Traefik, the replicas behind it, and whether commits are durable."""

    port: int
    traefik_port: int
    replicas: tuple[Replica, ...]
    durable: bool = True

    @property
    def url(self) -> str:
        """The address for browsers and the simulator."""
        return f"http://localhost:{self.port}"

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        values = json.loads(path.read_text(encoding="ascii"))
        replicas = tuple(Replica(**replica) for replica in values.pop("replicas"))
        return cls(**values, replicas=replicas)

    def save(self, path: Path) -> None:
        """Write it for the commands that change or show it."""
        write_atomically(path, json.dumps(asdict(self), indent=2))

    def with_replicas(self, replicas: list[Replica]) -> Self:
        """Return this system with other replicas."""
        return replace(self, replicas=tuple(sorted(replicas)))


def running_system(paths: Paths) -> System:
    """Return the system that runs in a folder.

    Raises:
        LocalRunError: none does.

    """
    if not Supervisor(paths.supervisor_socket).is_running():
        raise LocalRunError(
            f"MiniTwit does not run in {paths.folder}: start it with `make up`."
        )
    return System.load(paths.state)
