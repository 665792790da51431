"""`minitwit migrate`: bring a database's schema up to date, as a release step."""

import os
import time

import click

from minitwit.errors import LockNotAvailable
from minitwit.schema import MIGRATIONS_TABLE, Migration, migrations
from minitwit.settings import DatabaseSettings
from minitwit_cli.maintenance.admin_connection import (
    AdminConnection,
    open_admin_connection,
)
from minitwit_cli.maintenance.installation import find_installation, require_ours
from minitwit_cli.maintenance.integrity import require_whole

# What a migration does once it has its locks may take its time.
_LIMITS = {"lock_timeout_ms": 4_000, "statement_timeout_ms": 600_000}

# A migration that waits for a lock makes every request behind it wait as well, so it
# gives up long before they do (MINITWIT_LOCK_TIMEOUT_MS, 1,000), lets them pass, and
# tries again: a backup or a long query that holds the lock ends some time.
_PATIENCE_MS = 200
_PAUSE = 0.5  # seconds
_TRIES = 60

# Any number will do, so long as every `minitwit migrate` takes the same.
_ADVISORY_LOCK = 77_102


@click.command()
@click.option(
    "--new-installation",
    is_flag=True,
    help="Take an empty database for a new one, not for one that lost its data.",
)
def migrate(new_installation: bool) -> None:
    """Apply the migrations that the database does not have yet, and check it.

    Reads MINITWIT_DATABASE_URL and MINITWIT_DATABASE_PASSWORD_FILE; the role in the
    URL must own the database. Safe to run twice, and at the same time.
    """
    settings = DatabaseSettings.from_environment(os.environ).model_copy(update=_LIMITS)
    with open_admin_connection(settings) as script:
        script.run(f"SELECT pg_advisory_lock({_ADVISORY_LOCK})")
        require_ours(script, settings.installation, new_installation)
        for migration in _pending(script):
            _apply(script, migration)
            click.echo(f"applied {migration.version:04} {migration.name}")
        require_whole(script)
        installation = find_installation(script)
    click.echo(
        f"The schema is at version {migrations()[-1].version}, "
        f"the installation is {installation.id}."
    )


def _pending(script: AdminConnection) -> list[Migration]:
    script.run(MIGRATIONS_TABLE)
    done = {row[0] for row in script.run("SELECT version FROM schema_migrations")}
    return [step for step in migrations() if step.version not in done]


def _apply(script: AdminConnection, step: Migration) -> None:
    """Apply a migration as soon as its locks can be had without making others wait."""
    for _ in range(_TRIES - 1):
        try:
            return _try(script, step)
        except LockNotAvailable:
            script.run("ROLLBACK")
            time.sleep(_PAUSE)
    _try(script, step)


def _try(script: AdminConnection, step: Migration) -> None:
    """Apply a migration in a transaction: it is there in full or not at all."""
    done_row = f"({step.version}, '{step.name}')"
    script.run("BEGIN")
    script.run(f"SET LOCAL lock_timeout = {_PATIENCE_MS}")
    script.run(step.sql)
    script.run(f"INSERT INTO schema_migrations (version, name) VALUES {done_row}")  # noqa: S608
    script.run("COMMIT")
