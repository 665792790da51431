"""Migrations: numbered, applied once and by one process at a time."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from minitwit.errors import DatabaseRefused, SchemaOutdated
from minitwit.postgres.database import Database
from minitwit.postgres.roles import OWNER
from minitwit.schema import MIGRATIONS_TABLE, migrations
from minitwit.store import Store
from minitwit_cli.commands import main
from minitwit_cli.maintenance.admin_connection import (
    AdminConnection,
    open_admin_connection,
)
from tests.contract.callers import assert_error
from tests.in_process import callers_of
from tests.postgres.databases import OwnDatabase
from tests.waiting import wait_until


def test_versions_are_numbered_without_gaps() -> None:
    versions = [migration.version for migration in migrations()]
    assert versions == list(range(1, len(versions) + 1))


def test_migrating_says_what_it_applied(unmigrated: OwnDatabase) -> None:
    said = unmigrated.migrate()
    for migration in migrations():
        assert f"applied {migration.version:04} {migration.name}" in said


def test_migrating_twice_applies_nothing(unmigrated: OwnDatabase) -> None:
    unmigrated.migrate()
    assert "applied" not in unmigrated.migrate()
    with open_admin_connection(unmigrated.settings(OWNER)) as script:
        applied = script.run("SELECT version FROM schema_migrations ORDER BY version")
    assert applied == [[migration.version] for migration in migrations()]


def test_concurrent_migrations_do_not_disturb_each_other(
    unmigrated: OwnDatabase,
) -> None:
    with ThreadPoolExecutor(2) as threads:
        said = list(threads.map(lambda _: migrate_in_a_process(unmigrated), range(2)))
    assert sum(text.count("applied") for text in said) == len(migrations())


def test_a_new_database_has_no_account(owner: AdminConnection) -> None:
    assert owner.run("SELECT count(*) FROM users") == [[0]]


@pytest.mark.parametrize("table", ["messages", "follows"])
def test_growing_tables_are_vacuumed_long_before_a_fifth_is_new(
    owner: AdminConnection, table: str
) -> None:
    [[options]] = owner.run(
        f"SELECT reloptions FROM pg_class WHERE relname = '{table}'"  # noqa: S608
    )
    assert sorted(options) == [
        "autovacuum_vacuum_insert_scale_factor=0",
        "autovacuum_vacuum_insert_threshold=10000",
    ]


def migrate_in_a_process(testbed: OwnDatabase) -> str:
    """Run `minitwit migrate` as an operator does."""
    return subprocess.run(
        [Path(sys.prefix) / "bin" / "minitwit", "migrate", "--new-installation"],
        env={**os.environ, **testbed.environment(OWNER)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_a_migration_that_waits_for_a_lock_lets_requests_pass_meanwhile(
    unmigrated: OwnDatabase,
) -> None:
    first = migrations()[0]
    owner = unmigrated.settings(OWNER)
    attempts = set[str]()

    def waits(script: AdminConnection) -> bool:
        rows = script.run(
            "SELECT xact_start::text FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        attempts.update(row[0] for row in rows)
        return len(attempts) > 1

    with (
        open_admin_connection(owner) as holder,
        open_admin_connection(owner) as reader,
        ThreadPoolExecutor(1) as threads,
    ):
        holder.run(MIGRATIONS_TABLE)
        holder.run(first.sql)
        holder.run("INSERT INTO schema_migrations (version, name) VALUES (1, 'first')")
        holder.run("BEGIN")
        holder.run("SELECT FROM users")
        said = threads.submit(migrate_in_a_process, unmigrated)
        wait_until(lambda: waits(reader))
        assert reader.run("SELECT FROM users") == []
        holder.run("COMMIT")
        assert "applied 0002" in said.result()


def migrate_to(unmigrated: OwnDatabase, version: int) -> None:
    """Apply the migrations before a version."""
    with open_admin_connection(unmigrated.settings(OWNER)) as script:
        script.run(MIGRATIONS_TABLE)
        for step in migrations()[: version - 1]:
            script.run(step.sql_in_transaction)
            script.run(
                "INSERT INTO schema_migrations (version, name) "  # noqa: S608
                f"VALUES ({step.version}, '{step.name}')"
            )


def indexes_of_messages(script: AdminConnection) -> dict[str, bool]:
    """Return the indexes of messages, and whether each is valid."""
    rows = script.run(
        "SELECT indexrelid::regclass::text, indisvalid FROM pg_index "
        "WHERE indrelid = 'messages'::regclass"
    )
    return {name: is_valid for name, is_valid in rows}


def test_an_index_whose_creation_was_interrupted_is_created_again(
    unmigrated: OwnDatabase,
) -> None:
    step = next(s for s in migrations() if s.name == "messages_by_author")
    migrate_to(unmigrated, step.version)
    owner = unmigrated.settings(OWNER)
    impatient = owner.model_copy(update={"statement_timeout_ms": 200})
    with (
        open_admin_connection(owner) as writer,
        open_admin_connection(impatient) as interrupted,
    ):
        writer.run("BEGIN; LOCK TABLE messages IN ROW EXCLUSIVE MODE")
        with pytest.raises(DatabaseRefused, match="statement timeout"):
            interrupted.run(step.statements[0])
        writer.run("ROLLBACK")
        assert indexes_of_messages(writer)["messages_author_idx"] is False
    assert f"applied {step.version:04}" in unmigrated.migrate()
    with open_admin_connection(owner) as script:
        found = indexes_of_messages(script)
    assert found["messages_author_idx"] is True
    assert "messages_author_id_idx" not in found
    assert "messages_flagged_author_id_idx" not in found


def test_a_concurrent_migration_that_is_repeated_keeps_its_index(
    testbed: OwnDatabase, owner: AdminConnection
) -> None:
    oid = "SELECT 'messages_author_idx'::regclass::oid"
    before = owner.run(oid)
    owner.run("DELETE FROM schema_migrations WHERE name = 'messages_by_author'")
    assert "messages_by_author" in testbed.migrate()
    assert owner.run(oid) == before


def test_an_account_with_the_name_of_a_page_stops_the_migration_before_it_begins(
    unmigrated: OwnDatabase,
) -> None:
    migrate_to(unmigrated, 10)
    with open_admin_connection(unmigrated.settings(OWNER)) as script:
        script.run(
            "INSERT INTO users (username, email, password_hash) VALUES "
            "('public', 'a@b.c', '*'), ('public_', 'a@b.c', '*'), "
            "('ada', 'a@b.c', '*');"
            "INSERT INTO messages (author_id, author_name, content) VALUES "
            "(1, 'public', 'mine'), (1, NULL, 'older'), (3, 'ada', 'public');"
        )
        said = migrate_with(unmigrated)
        assert (said.exit_code, "page: public." in said.output) == (1, True)
        versions = "SELECT max(version) FROM schema_migrations"
        assert script.run(versions) == [[9]]
        said = migrate_with(unmigrated, "--rename-reserved")
        assert said.output.startswith("renamed the account public to public__\n")
        assert script.run(versions) == [[migrations()[-1].version]]
        assert script.run(
            "SELECT author_name, username FROM messages JOIN users "
            "ON users.id = author_id ORDER BY messages.id"
        ) == [["public__"] * 2, [None, "public__"], ["ada", "ada"]]
    assert migrate_with(unmigrated).exit_code == 0


def test_a_renaming_that_was_interrupted_is_completed(
    testbed: OwnDatabase, owner: AdminConnection
) -> None:
    owner.run(
        "INSERT INTO users (username, email, password_hash) "
        "VALUES ('public_', 'a@b.c', '*');"
        "INSERT INTO messages (author_id, author_name, content) "
        "SELECT 1, 'public', n FROM generate_series(1, 25000) n"
    )
    assert migrate_with(testbed, "--rename-reserved").exit_code == 0
    names = "SELECT author_name, count(*) FROM messages GROUP BY author_name"
    assert owner.run(names) == [["public_", 25_000]]


def migrate_with(testbed: OwnDatabase, *options: str) -> Result:
    """Run `minitwit migrate` with options."""
    return CliRunner().invoke(
        main, ["migrate", *options], env=testbed.environment(OWNER)
    )


def test_every_constraint_has_a_name_of_its_own(owner: AdminConnection) -> None:
    names = [
        row[0]
        for row in owner.run(
            "SELECT conname FROM pg_constraint JOIN pg_class ON conrelid = pg_class.oid"
            " WHERE relnamespace = 'public'::regnamespace AND contype <> 'n'"
        )
    ]
    assert "users_username_key" in names
    for name in names:
        assert re.search(r"_(pkey|key|fkey|check)$", name), name


def test_code_without_its_schema_is_not_ready_and_answers_503(
    unmigrated: OwnDatabase,
) -> None:
    store = Store.on(Database(unmigrated.settings()))
    with pytest.raises(SchemaOutdated, match="minitwit migrate"):
        store.schema.require_current()
    callers = callers_of(store)
    for answer in (
        callers.simulator.get("/msgs"),
        callers.simulator.post("/fllws/ada", json={"follow": "bob"}),
    ):
        assert_error(answer, 503)
        assert answer.headers["Retry-After"]
    callers.close()


def test_code_older_than_the_schema_is_ready(
    testbed: OwnDatabase, owner: AdminConnection, store: Store
) -> None:
    owner.run("INSERT INTO schema_migrations (version, name) VALUES (9999, 'later')")
    store.schema.require_current()


def test_code_newer_than_the_schema_says_so(
    owner: AdminConnection, store: Store
) -> None:
    newest = migrations()[-1].version
    owner.run(f"DELETE FROM schema_migrations WHERE version = {newest}")  # noqa: S608
    with pytest.raises(SchemaOutdated, match=f"needs {newest}"):
        store.schema.require_current()


def test_columns_added_by_a_later_release_do_not_disturb_running_code(
    owner: AdminConnection, store: Store
) -> None:
    callers = callers_of(store)
    ada = callers.user()
    callers.post(ada, "before")
    # Prepared statements outlive this, on the connection that this thread has.
    owner.run("ALTER TABLE messages ADD COLUMN colour text DEFAULT 'red'")
    owner.run("ALTER TABLE users ADD COLUMN colour text DEFAULT 'red'")
    callers.post(ada, "after")
    assert callers.contents(ada) == ["after", "before"]
    callers.close()


def test_type_changed_under_a_prepared_statement_is_prepared_anew(
    owner: AdminConnection, store: Store
) -> None:
    callers = callers_of(store)
    ada = callers.user()
    callers.post(ada, "before")
    assert callers.anybody.get(f"/{ada}").status_code == 200
    owner.run("ALTER TABLE messages ALTER COLUMN content TYPE varchar(2000)")
    assert callers.anybody.get(f"/{ada}").status_code == 200
    callers.post(ada, "after")
    callers.close()
