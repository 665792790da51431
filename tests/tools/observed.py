"""A complete system with all its tools, on this machine."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from pg8000.native import Connection

from deploy.local.configuration import cluster_in
from deploy.local.paths import Paths
from deploy.local.ports import free_ports
from deploy.local.postgres import SUPERUSER
from minitwit.postgres.roles import OWNER
from tests.functions import FUNCTIONS
from tests.system.running import RunningSystem, running_system
from tests.tools.collector import Collector, running_collector
from tests.tools.following import traced
from tests.tools.monitoring import (
    Prometheus,
    Targets,
    running_alertmanager,
    running_prometheus,
)
from tests.tools.programs import program, running
from tests.tools.receivers import Receiver, receiving
from tests.tools.rules_files import TOOLS
from tests.waiting import wait_until

VERSION = "7.7.7"
REVISION = "abc1234"
REPLICAS = 2
CREDENTIAL = ("simulator", "super_safe!")
SCALE = " ".join(f"{name}={REPLICAS}" for name in FUNCTIONS)


@dataclass(frozen=True)
class Observed:
    """A system, its tools, and the receivers of their notifications."""

    system: RunningSystem
    paths: Paths
    prometheus: Prometheus
    collector: Collector
    containers: Path
    elasticsearch: Receiver
    sentry: Receiver
    chat: Receiver
    dead_mans_switch: Receiver

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request as the simulator does."""
        return httpx.request(
            method, self.system.url + path, auth=CREDENTIAL, timeout=10, **options
        )

    def call_in_trace(
        self, trace_id: str, method: str, path: str, **options: Any
    ) -> httpx.Response:
        """Send a request in a trace of the test's; a client's own would be dropped."""
        headers = options.pop("headers", {}) | traced(trace_id)
        url = self.system.url_of_new_traces + path
        return httpx.request(
            method, url, auth=CREDENTIAL, timeout=10, headers=headers, **options
        )

    def sql(self, *statements: str) -> None:
        """Run statements as the owner of the database."""
        run_sql(self.paths, OWNER, *statements)


@contextmanager
def observed_system(folder: Path) -> Iterator[Observed]:
    """Start everything, wait until Prometheus sees all of it, and stop it."""
    system_folder = folder / "system"
    system_folder.mkdir()
    paths = Paths(system_folder)
    with ExitStack() as stack:
        elasticsearch, sentry, chat, dead_mans_switch = (
            stack.enter_context(receiving()) for _ in range(4)
        )
        collector = stack.enter_context(
            running_collector(
                "gateway",
                folder,
                {
                    "ELASTICSEARCH_URL": elasticsearch.url,
                    "TAIL_SAMPLING_WAIT": "1s",
                    "TRACE_SHARE": "100",
                },
            )
        )
        system = stack.enter_context(
            _traced_system(system_folder, collector.otlp, sentry.url)
        )
        containers = folder / "containers"
        containers.mkdir()
        agent = stack.enter_context(
            running_collector(
                "agent",
                folder,
                {
                    "CONTAINER_LOGS": f"{containers}/*-json.log",
                    "GATEWAY_URL": collector.otlp,
                    "STORAGE": str(folder / "agent-storage"),
                },
            )
        )
        numbers = stack.enter_context(free_ports(4))
        exporters = _exporters(folder, paths, *numbers[:2])
        for command, log, environment in exporters:
            stack.enter_context(running(command, log, environment))
        prometheus_port, alertmanager_port = numbers[2:]
        stack.enter_context(
            running_alertmanager(
                folder / "alertmanager",
                alertmanager_port,
                chat.url,
                dead_mans_switch.url,
            )
        )
        targets = _targets(system, (collector, agent), *numbers)
        prometheus = stack.enter_context(
            running_prometheus(
                folder / "prometheus", prometheus_port, targets, alertmanager_port
            )
        )
        wait_until(lambda: _all_up(prometheus, targets))
        yield Observed(
            system,
            paths,
            prometheus,
            collector,
            containers,
            elasticsearch,
            sentry,
            chat,
            dead_mans_switch,
        )


def run_sql(paths: Paths, role: str, *statements: str) -> None:
    """Run statements on the system's database."""
    connection = Connection(
        role,
        database="minitwit",
        password=cluster_in(paths).password_file(role).read_text().strip(),
        unix_sock=str(cluster_in(paths).sockets / ".s.PGSQL.5432"),
    )
    try:
        for statement in statements:
            connection.run(statement)
    finally:
        connection.close()


@contextmanager
def _traced_system(folder: Path, otlp: str, sentry: str) -> Iterator[RunningSystem]:
    dsn = folder / "dsn"
    dsn.write_text(f"{sentry.replace('http://', 'http://key@')}/1")
    settings = {
        "MINITWIT_OTLP_ENDPOINT": otlp,
        "MINITWIT_TRACE_SHARE": "1",
        "MINITWIT_SENTRY_DSN_FILE": str(dsn),
        "MINITWIT_VERSION": VERSION,
        "MINITWIT_REVISION": REVISION,
        "MINITWIT_REPLICAS": str(REPLICAS),
    }
    with running_system(folder, "--scale", SCALE, environment=settings) as system:
        yield system


def _exporters(
    folder: Path, paths: Paths, node: int, postgres: int
) -> list[tuple[list[str], Path, dict[str, str]]]:
    run_sql(
        paths,
        SUPERUSER,
        "CREATE ROLE minitwit_monitor LOGIN PASSWORD 'm' IN ROLE pg_monitor",
        "INSERT INTO backups (kind) VALUES ('full'), ('drill')",
    )
    source = (
        f"host={cluster_in(paths).sockets} user=minitwit_monitor password=m "
        "dbname=minitwit sslmode=disable"
    )
    return [
        (
            [
                program("prometheus-node-exporter"),
                f"--web.listen-address=127.0.0.1:{node}",
            ],
            folder / "node-exporter.log",
            {},
        ),
        (
            [
                program("prometheus-postgres-exporter"),
                f"--web.listen-address=127.0.0.1:{postgres}",
                f"--extend.query-path={TOOLS / 'postgres_exporter' / 'queries.yaml'}",
            ],
            folder / "postgres-exporter.log",
            {"DATA_SOURCE_NAME": source},
        ),
    ]


def _targets(
    system: RunningSystem,
    collectors: tuple[Collector, Collector],
    node: int,
    postgres: int,
    prometheus: int,
    alertmanager: int,
) -> Targets:
    edge = system.traefik_port
    return {
        "functions": [
            {
                "targets": [f"127.0.0.1:{replica['operator_port']}"],
                "labels": {"function": replica["function"]},
            }
            for replica in system.replicas
        ],
        "edge": [{"targets": [f"127.0.0.1:{edge}"]}],
        "postgres": [
            {"targets": [f"127.0.0.1:{postgres}"], "labels": {"server": "postgres"}}
        ],
        "nodes": [{"targets": [f"127.0.0.1:{node}"]}],
        "collector": [{"targets": [collectors[0].metrics]}],
        "collector-agents": [{"targets": [collectors[1].metrics]}],
        "alertmanager": [{"targets": [f"127.0.0.1:{alertmanager}"]}],
        "prometheus": [{"targets": [f"127.0.0.1:{prometheus}"]}],
    }


def _all_up(prometheus: Prometheus, targets: Targets) -> bool:
    health = prometheus.targets()
    return set(health) == set(targets) and set().union(*health.values()) == {"up"}
