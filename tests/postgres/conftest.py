"""A PostgreSQL for the whole run, migrated once, and a database of each test's own."""

from collections.abc import Callable, Iterator

import pytest

from deploy.local.postgres import SUPERUSER, Cluster
from deploy.local.postgres import running_cluster as running_cluster_in
from minitwit.accounts import passwords
from minitwit.accounts.password_resets import PasswordResets
from minitwit.moderation.moderation import Moderation
from minitwit.postgres.database import Database
from minitwit.postgres.roles import OWNER
from minitwit.store import Store
from minitwit.telemetry.spans import query_span
from minitwit_cli.maintenance.admin_connection import (
    AdminConnection,
    open_admin_connection,
)
from tests.postgres.databases import OwnDatabase, new_database


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Return a running server whose database `minitwit` is migrated."""
    with running_cluster_in(tmp_path_factory.mktemp("cluster")) as running:
        # From here on it is the template of the others, without connections.
        OwnDatabase(running, "minitwit").migrate()
        yield running


@pytest.fixture(scope="session")
def superuser(cluster: Cluster) -> Iterator[AdminConnection]:
    """Return what runs statements as the server's superuser."""
    with open_admin_connection(
        OwnDatabase(cluster, "postgres").settings(SUPERUSER)
    ) as script:
        yield script


@pytest.fixture
def testbed(cluster: Cluster, superuser: AdminConnection) -> OwnDatabase:
    """Return an empty migrated database of this test's own."""
    return new_database(cluster, superuser, "minitwit")


@pytest.fixture
def unmigrated(cluster: Cluster, superuser: AdminConnection) -> OwnDatabase:
    """Return a database without a schema."""
    return new_database(cluster, superuser, "template0")


@pytest.fixture
def owner(testbed: OwnDatabase) -> Iterator[AdminConnection]:
    """Return what runs statements as the database's owner."""
    with open_admin_connection(testbed.settings(OWNER)) as script:
        yield script


@pytest.fixture
def database(testbed: OwnDatabase) -> Database:
    """Return the way to the test's database."""
    return Database(testbed.settings(), span=query_span)


@pytest.fixture
def store(database: Database) -> Store:
    """Return the store in the test's database."""
    return Store.on(database)


@pytest.fixture
def flag(owner: AdminConnection) -> Callable[[str], None]:
    """Return what flags the message of a content."""

    def flag_content(content: str) -> None:
        owner.run(f"UPDATE messages SET flagged = true WHERE content = '{content}'")  # noqa: S608

    return flag_content


@pytest.fixture
def set_moderator(testbed: OwnDatabase) -> Callable[[str, bool], None]:
    """Return what makes moderators: only the database's owner may."""
    return Moderation(Database(testbed.settings(OWNER))).set_moderator


@pytest.fixture
def add_link(testbed: OwnDatabase) -> Callable[[str, str], None]:
    """Return what adds links to reset a password: only the database's owner may."""
    return PasswordResets(Database(testbed.settings(OWNER))).add


@pytest.fixture(autouse=True, scope="module")
def cheap_passwords() -> Iterator[None]:
    """Hash passwords at no cost: tests/unit/test_passwords.py holds the real one."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = passwords._Cost(passes=1, memory=8 * 1024)
        patch.setattr(passwords, "_cost", cheap)
        passwords._dummy_hash.cache_clear()
        yield
    passwords._dummy_hash.cache_clear()
