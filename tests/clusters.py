"""How tests talk to a PostgreSQL of their own as its operator would."""

from collections.abc import Iterator
from contextlib import contextmanager

from click.testing import CliRunner

from deploy.local.postgres import Cluster
from minitwit.postgres.roles import OWNER
from minitwit.settings import DatabaseSettings
from minitwit_cli.commands import main
from minitwit_cli.maintenance.admin_connection import (
    AdminConnection,
    open_admin_connection,
)


def settings(cluster: Cluster, role: str = OWNER) -> DatabaseSettings:
    """Return where the database is, for this role."""
    return DatabaseSettings.from_environment(cluster.environment(role))


@contextmanager
def psql(cluster: Cluster, role: str = OWNER) -> Iterator[AdminConnection]:
    """Open a connection whose statements have time, as in an operator's psql."""
    patient = settings(cluster, role).model_copy(
        update={"statement_timeout_ms": 60_000}
    )
    with open_admin_connection(patient) as script:
        yield script


def rows(cluster: Cluster, query: str) -> list[tuple[object, ...]]:
    """Return what a query finds, as the database's owner."""
    with psql(cluster) as script:
        return [tuple(row) for row in script.run(query)]


def migrate(cluster: Cluster) -> None:
    """Bring the cluster's database to today's schema."""
    command = ["migrate", "--new-installation"]
    result = CliRunner().invoke(main, command, env=cluster.environment())
    assert result.exit_code == 0, result.output
