"""A wrong, empty or damaged database is refused before anything is written to it."""

import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy.local.postgres import SUPERUSER, Cluster, running_cluster
from minitwit.errors import ForeignDatabase, SchemaOutdated
from minitwit.postgres.database import Database
from minitwit.postgres.roles import function_role
from minitwit.schema import Schema
from minitwit_cli.commands import main
from minitwit_cli.maintenance.admin_connection import open_admin_connection
from tests.clusters import migrate, rows, settings


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("guards")) as running:
        yield running


@pytest.fixture
def empty(server: Cluster) -> Cluster:
    drop_schema(server)
    return server


@pytest.fixture
def migrated(empty: Cluster) -> Cluster:
    migrate(empty)
    return empty


def drop_schema(cluster: Cluster) -> None:
    """Drop everything in the database; the roles, which are the server's, stay."""
    with open_admin_connection(settings(cluster)) as script:
        script.run("DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public")
        script.run("GRANT USAGE ON SCHEMA public TO public")


def run(cluster: Cluster, *command: str, **more: str) -> Result:
    return CliRunner().invoke(main, command, env=cluster.environment() | more)


def change(cluster: Cluster, sql: str) -> None:
    with open_admin_connection(settings(cluster)) as script:
        script.run(sql)


def test_an_empty_database_is_refused_unless_it_is_said_to_be_new(
    empty: Cluster,
) -> None:
    refused = run(empty, "migrate")
    assert refused.exit_code == 1
    assert "minitwit migrate --new-installation" in refused.output
    assert rows(empty, "SELECT relname FROM pg_class WHERE relname = 'users'") == []
    assert run(empty, "migrate", "--new-installation").exit_code == 0
    assert run(empty, "migrate").exit_code == 0
    assert run(empty, "migrate", "--new-installation").exit_code == 0


def test_a_database_with_foreign_tables_is_refused_even_as_a_new_one(
    empty: Cluster,
) -> None:
    change(empty, "CREATE TABLE wp_posts (id int)")
    refused = run(empty, "migrate", "--new-installation")
    assert refused.exit_code == 1
    assert "tables that are not MiniTwit's (wp_posts)" in refused.output


def test_a_handler_says_on_ready_that_an_empty_database_has_no_schema(
    migrated: Cluster,
) -> None:
    drop_schema(migrated)
    with closing(Database(settings(migrated, function_role("messages")))) as database:
        with pytest.raises(SchemaOutdated, match="minitwit migrate"):
            Schema(database).require_current()


def test_migrate_names_the_installation_and_keeps_it(migrated: Cluster) -> None:
    [(installation,)] = rows(migrated, "SELECT id FROM installation")
    assert str(installation) in run(migrated, "migrate").output
    assert str(installation) in run(migrated, "check-database").output


def test_another_installation_is_refused_by_migrate_and_handlers(
    migrated: Cluster,
) -> None:
    other = str(uuid.uuid4())
    refused = run(migrated, "migrate", MINITWIT_INSTALLATION=other)
    assert refused.exit_code == 1
    assert other in refused.output
    expecting = settings(migrated, function_role("messages")).model_copy(
        update={"installation": uuid.UUID(other)}
    )
    with closing(Database(expecting)) as database, pytest.raises(ForeignDatabase):
        database.read("latest")


def test_the_expected_installation_is_served(migrated: Cluster) -> None:
    [(installation,)] = rows(migrated, "SELECT id FROM installation")
    expecting = settings(migrated, function_role("messages")).model_copy(
        update={"installation": installation}
    )
    with closing(Database(expecting)) as database:
        assert database.read("latest") == [[-1]]
    assert (
        run(migrated, "migrate", MINITWIT_INSTALLATION=str(installation)).exit_code == 0
    )


def test_the_installation_always_has_one_row(migrated: Cluster) -> None:
    with pytest.raises(Exception, match="installation_pkey"):
        change(migrated, "INSERT INTO installation DEFAULT VALUES")
    change(migrated, "DELETE FROM installation")
    assert "has no row" in run(migrated, "migrate").output


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (
            "ALTER TABLE users DROP CONSTRAINT users_username_key",
            "missing: constraint users_username_key on users: UNIQUE (username)",
        ),
        (
            "ALTER TABLE messages DROP CONSTRAINT messages_author_id_fkey",
            "missing: constraint messages_author_id_fkey on messages: FOREIGN KEY",
        ),
        (
            "ALTER TABLE users ALTER email DROP NOT NULL",
            "missing: column users.email text not null",
        ),
        (
            "DROP INDEX messages_pub_date_idx",
            "missing: index CREATE INDEX messages",
        ),
        (
            "ALTER TABLE users ALTER id DROP IDENTITY",
            "missing: column users.id bigint not null default d",
        ),
        (
            "REVOKE DELETE ON messages FROM minitwit_messages",
            "missing: minitwit_messages may DELETE messages",
        ),
        ("DROP TABLE follows", "missing: constraint follows_follower_id_fkey"),
        ("DROP SEQUENCE latest", "missing: sequence latest bigint"),
        (
            "INSERT INTO users (id, username, email, password_hash) "
            "VALUES (9, 'a', '', '!')",
            "the sequence of users.id is at 0, and the table at 9",
        ),
    ],
)
def test_missing_objects_are_found_by_migrate_and_by_the_check(
    migrated: Cluster, damage: str, fault: str
) -> None:
    change(migrated, damage)
    for command in ("migrate", "check-database"):
        result = run(migrated, command)
        assert result.exit_code == 1
        assert fault in result.output


def test_a_broken_reference_is_found(migrated: Cluster) -> None:
    superuser = settings(migrated, SUPERUSER)
    with open_admin_connection(superuser) as script:
        script.run("SET session_replication_role = replica")
        script.run("INSERT INTO messages (author_id, content) VALUES (77, 'orphan')")
    result = run(migrated, "check-database")
    assert result.exit_code == 1
    assert "messages_author_id_fkey: 1 rows of messages refer to rows" in (
        result.output
    )


def test_an_intact_database_passes_unchanged(migrated: Cluster) -> None:
    before = rows(migrated, "SELECT nspname FROM pg_namespace ORDER BY 1")
    result = run(migrated, "check-database")
    assert result.exit_code == 0, result.output
    assert rows(migrated, "SELECT nspname FROM pg_namespace ORDER BY 1") == before


def test_an_additional_index_or_extension_is_no_fault(migrated: Cluster) -> None:
    change(migrated, "CREATE INDEX extra ON users (email)")
    with open_admin_connection(settings(migrated, SUPERUSER)) as script:
        script.run("CREATE EXTENSION pg_stat_statements")
    assert run(migrated, "check-database").exit_code == 0


def test_a_newer_schema_is_not_checked(
    migrated: Cluster,
) -> None:
    change(migrated, "ALTER TABLE users RENAME email TO address")
    change(migrated, "INSERT INTO schema_migrations VALUES (9999, 'newer')")
    assert run(migrated, "migrate").exit_code == 0


def test_a_copy_is_compared_with_its_original(
    migrated: Cluster, tmp_path: Path
) -> None:
    copy, original = "minitwit_copy", migrated.url("minitwit")
    change(migrated, "INSERT INTO users VALUES (DEFAULT, 'a', '', '!', now())")
    change(migrated, "INSERT INTO users VALUES (DEFAULT, 'b', '', '!', now())")
    change(migrated, "INSERT INTO messages (author_id, content) VALUES (1, 'hi')")
    change(migrated, "INSERT INTO messages (author_id, content) VALUES (1, 'hey')")
    with open_admin_connection(settings(migrated, SUPERUSER)) as script:
        script.run(f"CREATE DATABASE {copy} TEMPLATE minitwit OWNER minitwit")
    try:
        target = {"MINITWIT_DATABASE_URL": migrated.url("minitwit", copy)}
        # The original changes: more rows, a flag, a new password, and an author deletes
        # a message, and another closes the account.
        change(migrated, "INSERT INTO messages (author_id, content) VALUES (1, 'ho')")
        change(
            migrated, "UPDATE messages SET flagged = true; UPDATE users SET email='b'"
        )
        change(migrated, "DELETE FROM messages WHERE content = 'hey'")
        closed = "SET username = 'deleted/2', deleted_at = now() WHERE id = 2"
        change(migrated, f"UPDATE users {closed}")
        result = run(migrated, "check-database", "--copy-of", original, **target)
        assert result.exit_code == 0, result.output
        assert "a true copy" in result.output
        change(migrated, "UPDATE messages SET content = 'forged' WHERE id = 1")
        result = run(migrated, "check-database", "--copy-of", original, **target)
        assert result.exit_code == 1
        assert "The copy differs: messages with ids from 0" in result.output
        assert (
            "1 rows that the copy lacks or has otherwise, first id 1" in result.output
        )
    finally:
        with open_admin_connection(settings(migrated, SUPERUSER)) as script:
            script.run(f"DROP DATABASE {copy}")
