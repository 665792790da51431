"""A PostgreSQL for the whole run, migrated once, and a database of each test's own."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner

from deploy.local.postgres import APPLICATION, OWNER, SUPERUSER, Cluster
from deploy.local.postgres import running_cluster as running_cluster_in
from minitwit import passwords
from minitwit.commands import main
from minitwit.db import Database, Script, open_script
from minitwit.settings import DatabaseSettings
from minitwit.store import Store

_numbers = itertools.count()

# A busy machine shall not turn a test red.
_PATIENT = {
    "MINITWIT_CONNECT_TIMEOUT": "30",
    "MINITWIT_STATEMENT_TIMEOUT_MS": "60000",
    "MINITWIT_LOCK_TIMEOUT_MS": "30000",
}


@dataclass(frozen=True)
class Testbed:
    """One database on the run's server."""

    cluster: Cluster
    name: str

    def settings(self, role: str = APPLICATION) -> DatabaseSettings:
        """Return how a role reaches the database."""
        return DatabaseSettings.from_environment(self.environment(role))

    def environment(self, role: str = APPLICATION) -> dict[str, str]:
        """Return the same as environment variables."""
        return {
            "MINITWIT_DATABASE_URL": self.cluster.url(role, self.name),
            "MINITWIT_DATABASE_PASSWORD_FILE": str(self.cluster.password_file(role)),
            **_PATIENT,
        }

    def migrate(self) -> str:
        """Run `minitwit migrate` as the owner and return what it says."""
        result = CliRunner().invoke(
            main, ["migrate", "--new-installation"], env=self.environment(OWNER)
        )
        assert result.exit_code == 0, result.output
        return result.output


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Return a running server whose database `minitwit` is migrated."""
    with running_cluster_in(tmp_path_factory.mktemp("cluster")) as running:
        # From here on it is the template of the others, and nobody connects to it.
        Testbed(running, "minitwit").migrate()
        yield running


@pytest.fixture(scope="session")
def superuser(cluster: Cluster) -> Iterator[Script]:
    """Return what runs statements as the server's superuser."""
    with open_script(Testbed(cluster, "postgres").settings(SUPERUSER)) as script:
        yield script


def new_database(cluster: Cluster, superuser: Script, template: str) -> Testbed:
    """Make a database."""
    name = f"test_{next(_numbers)}"
    superuser.run(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}")
    return Testbed(cluster, name)


@pytest.fixture
def testbed(cluster: Cluster, superuser: Script) -> Testbed:
    """Return an empty migrated database of this test's own."""
    return new_database(cluster, superuser, "minitwit")


@pytest.fixture
def unmigrated(cluster: Cluster, superuser: Script) -> Testbed:
    """Return a database without a schema."""
    return new_database(cluster, superuser, "template0")


@pytest.fixture
def owner(testbed: Testbed) -> Iterator[Script]:
    """Return what runs statements as the database's owner."""
    with open_script(testbed.settings(OWNER)) as script:
        yield script


@pytest.fixture
def database(testbed: Testbed) -> Database:
    """Return the way to the test's database."""
    return Database(testbed.settings())


@pytest.fixture
def store(database: Database) -> Store:
    """Return the store in the test's database."""
    return Store.on(database)


@pytest.fixture(autouse=True, scope="session")
def cheap_passwords() -> Iterator[None]:
    """Hash passwords at no cost: tests/unit/test_passwords.py holds the real one."""
    with pytest.MonkeyPatch.context() as patch:
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords, "_hasher", hasher)
        passwords._nobodys_hash.cache_clear()
        yield
    passwords._nobodys_hash.cache_clear()
