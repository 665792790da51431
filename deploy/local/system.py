"""What a running system consists of, and the files its parts are told it by."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

from deploy.local import supervision, traefik
from deploy.local.accounts import die_with_parent
from deploy.local.layout import CHECKOUT, Layout
from deploy.local.ports import LOOPBACK
from deploy.local.replicas import Replica
from deploy.local.secret_files import secret_file
from deploy.local.supervision import Program


@dataclass(frozen=True)
class System:
    """Where the callers come in, the replicas behind, and how careful the data is."""

    port: int
    traefik_port: int
    replicas: tuple[Replica, ...]
    durable: bool = True

    @property
    def url(self) -> str:
        """The address for browsers and the simulator."""
        return f"http://localhost:{self.port}"

    @classmethod
    def load(cls, layout: Layout) -> Self:
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: nothing was started in this folder.

        """
        values = json.loads(layout.state.read_text(encoding="ascii"))
        replicas = tuple(Replica(**replica) for replica in values.pop("replicas"))
        return cls(**values, replicas=replicas)

    def save(self, layout: Layout) -> None:
        """Write everything that supervisord, Traefik and our commands read."""
        self.save_routes(layout)
        static = traefik.static_configuration(
            self.port, self.traefik_port, layout.routes, layout.logs / "access.log"
        ) | traefik.tracing_configuration(os.environ)
        _write(layout.traefik_configuration, json.dumps(static, indent=2))
        self.save_programs(layout)

    def save_programs(self, layout: Layout) -> None:
        """Write what supervisord is to run."""
        configuration = supervision.configuration(
            _programs(self, layout),
            layout.supervisor_socket,
            layout.logs.relative_to(layout.folder),
            layout.run / "supervisord.pid",
        )
        _write(layout.supervisor_configuration, configuration)
        _write(layout.state, json.dumps(asdict(self), indent=2))

    def save_routes(self, layout: Layout) -> None:
        """Write whom Traefik sends requests to; it notices by itself."""
        dynamic = traefik.dynamic_configuration(self.replicas)
        _write(layout.routes, json.dumps(dynamic, indent=2))

    def with_replicas(self, replicas: list[Replica]) -> Self:
        """Return this system with other replicas."""
        return replace(self, replicas=tuple(sorted(replicas)))


def function_environment(layout: Layout) -> Mapping[str, str]:
    """Return the settings that all functions share; the caller's own come first."""
    cluster = layout.cluster
    return {
        # There is no edge to wait for: it is told before a replica is stopped.
        "MINITWIT_DRAIN_SECONDS": "0",
        **os.environ,
        "MINITWIT_HOST": LOOPBACK,
        "MINITWIT_DATABASE_URL": cluster.url(),
        "MINITWIT_DATABASE_PASSWORD_FILE": str(cluster.password_file()),
        "MINITWIT_SESSION_KEYS_FILE": str(secret_file(layout.secrets, "session_keys")),
    }


def _programs(system: System, layout: Layout) -> list[Program]:
    return [
        Program(
            name="postgres",
            command=replace(layout.cluster, durable=system.durable).command(),
            priority=supervision.DATABASE_FIRST,
            directory=Path("/"),
            stop_signal="INT",
        ),
        *(_function(replica) for replica in system.replicas),
        Program(
            name="traefik",
            command=[
                *die_with_parent("TERM"),
                traefik.program(),
                f"--configfile={layout.traefik_configuration}",
            ],
            priority=supervision.EDGE_LAST,
            directory=layout.run,
            environment=traefik.ENVIRONMENT,
        ),
    ]


def _function(replica: Replica) -> Program:
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
    return Program(
        name=replica.name,
        command=[
            *die_with_parent("TERM"),
            *gunicorn,
            "minitwit.web.app:create_app()",
        ],
        priority=supervision.FUNCTIONS_NEXT,
        directory=CHECKOUT,
        environment={
            "MINITWIT_FUNCTION": replica.function,
            "MINITWIT_PORT": str(replica.port),
            "MINITWIT_OPERATOR_PORT": str(replica.operator_port),
        },
    )


def _write(path: Path, text: str) -> None:
    # Renamed when whole: Traefik reads its file at the moment it changes.
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text + "\n", encoding="utf-8")
    draft.rename(path)
