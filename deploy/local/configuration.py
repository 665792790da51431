"""Writes the configuration files of supervisord and Traefik for a system."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.local import supervision, traefik
from deploy.local.accounts import die_with_parent
from deploy.local.environment import caller_settings, child_environment
from deploy.local.files import write_atomically
from deploy.local.paths import CHECKOUT, Paths
from deploy.local.ports import LOOPBACK
from deploy.local.postgres import Cluster
from deploy.local.replicas import Replica
from deploy.local.secret_files import secret_file
from deploy.local.supervision import Program
from deploy.local.system import System
from minitwit.postgres.roles import function_role

# Middlewares and connections are production's, so that both edges behave alike.
EDGE = CHECKOUT / "deploy" / "edge" / "dynamic.yml"


def cluster_in(paths: Paths, durable: bool = True) -> Cluster:
    """Return the PostgreSQL of a local run."""
    return Cluster(paths.data, paths.secrets, paths.postgres_sockets, durable)


def write_configuration(system: System, paths: Paths) -> None:
    """Write every file that supervisord, Traefik and our other commands read."""
    settings = caller_settings()
    static = traefik.static_configuration(
        system.port,
        system.traefik_port,
        paths.traefik_dynamic,
        paths.logs / "access.log",
    ) | traefik.tracing_configuration(settings)
    write_atomically(paths.traefik_configuration, json.dumps(static, indent=2))
    limits = traefik.limits_configuration(settings)
    write_atomically(paths.limits, json.dumps(limits, indent=2))
    middlewares = traefik.middlewares_configuration(EDGE.read_text(), system.port)
    write_atomically(paths.traefik_dynamic / "edge.yml", middlewares)
    write_routes(system, paths)
    write_programs(system, paths)


def write_programs(system: System, paths: Paths) -> None:
    """Write the programs that supervisord has to run, and the state of the system."""
    configuration = supervision.configuration(
        _programs(system, paths),
        paths.supervisor_socket,
        paths.logs.relative_to(paths.folder),
        paths.run / "supervisord.pid",
    )
    write_atomically(paths.supervisor_configuration, configuration)
    system.save(paths.state)


def write_routes(system: System, paths: Paths) -> None:
    """Write the replicas that Traefik sends requests to; it reads the file again."""
    dynamic = traefik.dynamic_configuration(system.replicas)
    write_atomically(paths.routes, json.dumps(dynamic, indent=2))


def function_environment(paths: Paths) -> Mapping[str, str]:
    """Return the environment that all functions share, with the caller's settings."""
    return child_environment(
        **{
            # Traefik stops sending requests to a replica before it is stopped.
            "MINITWIT_DRAIN_SECONDS": "0",
            **caller_settings(),
            "MINITWIT_HOST": LOOPBACK,
            "MINITWIT_SESSION_KEYS_FILE": str(
                secret_file(paths.secrets, "session_keys")
            ),
        }
    )


def _programs(system: System, paths: Paths) -> list[Program]:
    cluster = cluster_in(paths, system.durable)
    return [
        Program(
            name="postgres",
            command=cluster.command(),
            priority=supervision.DATABASE_FIRST,
            directory=Path("/"),
            stop_signal="INT",
        ),
        *(_function(replica, system.url, cluster) for replica in system.replicas),
        Program(
            name="traefik",
            command=[
                *die_with_parent("TERM"),
                traefik.program(),
                f"--configfile={paths.traefik_configuration}",
            ],
            priority=supervision.EDGE_LAST,
            directory=paths.run,
            environment=traefik.ENVIRONMENT,
        ),
    ]


def _function(replica: Replica, url: str, cluster: Cluster) -> Program:
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
            **cluster.environment(function_role(replica.function)),
            "MINITWIT_FUNCTION": replica.function,
            "MINITWIT_PORT": str(replica.port),
            "MINITWIT_OPERATOR_PORT": str(replica.operator_port),
            "MINITWIT_URL": url,
        },
    )
