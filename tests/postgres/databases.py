"""Databases of a test's own, on the server that the whole run shares."""

import itertools
from dataclasses import dataclass

from click.testing import CliRunner

from deploy.local.postgres import Cluster
from minitwit.postgres.roles import OWNER
from minitwit.settings import DatabaseSettings
from minitwit_cli.commands import main
from minitwit_cli.maintenance.admin_connection import AdminConnection

_numbers = itertools.count()

# A busy machine shall not turn a test red.
_PATIENT = {
    "MINITWIT_CONNECT_TIMEOUT": "30",
    "MINITWIT_STATEMENT_TIMEOUT_MS": "60000",
    "MINITWIT_LOCK_TIMEOUT_MS": "30000",
}


@dataclass(frozen=True)
class OwnDatabase:
    """One database on the run's server."""

    cluster: Cluster
    name: str

    def settings(self, role: str = OWNER) -> DatabaseSettings:
        """Return how a role reaches the database."""
        return DatabaseSettings.from_environment(self.environment(role))

    def environment(self, role: str = OWNER) -> dict[str, str]:
        """Return the same as environment variables."""
        return self.cluster.environment(role, self.name) | _PATIENT

    def migrate(self) -> str:
        """Run `minitwit migrate` as the owner and return what it says."""
        result = CliRunner().invoke(
            main, ["migrate", "--new-installation"], env=self.environment(OWNER)
        )
        assert result.exit_code == 0, result.output
        return result.output


def new_database(
    cluster: Cluster, superuser: AdminConnection, template: str
) -> OwnDatabase:
    """Make a database."""
    name = f"test_{next(_numbers)}"
    superuser.run(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}")
    return OwnDatabase(cluster, name)
