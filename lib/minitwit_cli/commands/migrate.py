"""`minitwit migrate`: update a database's schema, as a release step."""

import os
import time
from pathlib import Path

import click

from minitwit.errors import DatabaseRefused, LockNotAvailable
from minitwit.schema import MIGRATIONS_TABLE, Migration, migrations
from minitwit.settings import DatabaseSettings
from minitwit.web.reserved_names import reserved_names
from minitwit.web.routes import FUNCTIONS
from minitwit_cli.maintenance.admin_connection import (
    AdminConnection,
    open_admin_connection,
)
from minitwit_cli.maintenance.function_roles import create_function_roles
from minitwit_cli.maintenance.installation import (
    find_installation,
    require_installation,
)
from minitwit_cli.maintenance.integrity import require_intact
from minitwit_cli.maintenance.reserved_usernames import (
    rename_authors,
    rename_user,
    reserved_usernames,
)

# A migration that has its locks may take minutes.
_LIMITS = {"lock_timeout_ms": 4_000, "statement_timeout_ms": 600_000}

# Requests queue behind a migration that waits for a lock, so it gives up long before
# they do (MINITWIT_LOCK_TIMEOUT_MS, 1,000), and tries again once they have passed: a
# backup or a long query that holds the lock ends at some point.
_LOCK_TIMEOUT_MS = 200
_PAUSE = 0.5  # seconds
_TRIES = 60

# An arbitrary number, the same in every `minitwit migrate`.
_ADVISORY_LOCK = 77_102

# What an interrupted CREATE or DROP INDEX CONCURRENTLY leaves.
_INVALID_INDEXES = """
SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE NOT indisvalid AND relnamespace = current_schema()::regnamespace
"""


@click.command()
@click.option(
    "--new-installation",
    is_flag=True,
    help="Accept an empty database, which may otherwise be one that lost its data.",
)
@click.option(
    "--rename-reserved",
    is_flag=True,
    help="Rename accounts whose names are addresses of pages by now: NAME to NAME_.",
)
@click.option(
    "--role-passwords",
    # Whether it can be read shows when it is; a capability may allow it.
    type=click.Path(exists=True, file_okay=False, readable=False, path_type=Path),
    envvar="MINITWIT_ROLE_PASSWORDS",
    help="Folder with a file for each function's role: database_password_ROLE.",
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=0,
    metavar="SECONDS",
    envvar="MINITWIT_MIGRATE_WAIT",
    help="Wait so long for a server that takes writes, as during a failover.",
)
def migrate(
    new_installation: bool,
    rename_reserved: bool,
    role_passwords: Path | None,
    wait: float,
) -> None:
    """Update the schema of the database.

    Creates the functions' roles or sets their passwords, applies the migrations that
    the database lacks, and verifies the result. Changes nothing if a page of this
    version has the address of an account's own.

    Reads MINITWIT_DATABASE_URL and MINITWIT_DATABASE_PASSWORD_FILE; the role in the
    URL must own the database. Safe to run twice, and at the same time.
    """
    settings = DatabaseSettings.from_environment(os.environ).model_copy(update=_LIMITS)
    with open_admin_connection(settings, wait) as connection:
        _wait_for_others(connection)
        require_installation(connection, settings.installation, new_installation)
        _free_addresses(connection, rename_reserved)
        for role in create_function_roles(connection, FUNCTIONS, role_passwords):
            click.echo(f"created the role {role}")
        for migration in _pending(connection):
            _apply(connection, migration)
            click.echo(f"applied {migration.version:04} {migration.name}")
        if rename_reserved:
            rename_authors(connection, reserved_names())
        require_intact(connection)
        installation = find_installation(connection)
    click.echo(
        f"The schema is at version {migrations()[-1].version}, "
        f"the installation is {installation.id}."
    )


def _free_addresses(connection: AdminConnection, rename_reserved: bool) -> None:
    """Rename the accounts whose pages would be shadowed by others, or refuse.

    Raises:
        DatabaseRefused: there are some, and they are not to be renamed.

    """
    names = reserved_usernames(connection, reserved_names())
    if names and not rename_reserved:
        raise DatabaseRefused(
            f"Accounts have the address of a page: {', '.join(names)}. Nothing was "
            "changed. `minitwit migrate --rename-reserved` adds _ to their names; let "
            "their owners know, who sign in with these names."
        )
    for name in names:
        new = rename_user(connection, name, reserved_names())
        click.echo(f"renamed the account {name} to {new}")


def _wait_for_others(connection: AdminConnection) -> None:
    """Wait for another `minitwit migrate`.

    A statement that waits for the lock would have a snapshot, for whose end the other
    process would wait to build an index concurrently: a deadlock.
    """
    lock = f"SELECT pg_try_advisory_lock({_ADVISORY_LOCK})"
    while connection.run(lock) != [[True]]:
        time.sleep(_PAUSE)


def _pending(connection: AdminConnection) -> list[Migration]:
    connection.run(MIGRATIONS_TABLE)
    done = {row[0] for row in connection.run("SELECT version FROM schema_migrations")}
    return [step for step in migrations() if step.version not in done]


def _apply(connection: AdminConnection, step: Migration) -> None:
    """Apply a migration as soon as its locks are free, without blocking requests."""
    for _ in range(_TRIES - 1):
        try:
            return _try(connection, step)
        except LockNotAvailable:
            connection.run("ROLLBACK")
            time.sleep(_PAUSE)
    _try(connection, step)


def _try(connection: AdminConnection, step: Migration) -> None:
    """Apply a migration in one transaction, all of it or nothing, where that can be."""
    if step.is_concurrent:
        _run_concurrently(connection, step)
    connection.run("BEGIN")
    connection.run(f"SET LOCAL lock_timeout = {_LOCK_TIMEOUT_MS}")
    if not step.is_concurrent:
        connection.run(step.sql)
    connection.run(
        "INSERT INTO schema_migrations (version, name)"  # noqa: S608
        f" VALUES ({step.version}, '{step.name}')"
    )
    connection.run("COMMIT")


def _run_concurrently(connection: AdminConnection, step: Migration) -> None:
    """Run each statement by itself; it waits for other transactions and blocks none."""
    connection.run("SET lock_timeout = 0")
    for [index] in connection.run(_INVALID_INDEXES):
        if index in step.sql:
            connection.run(f"DROP INDEX CONCURRENTLY {index}")
    for statement in step.statements:
        connection.run(statement)
