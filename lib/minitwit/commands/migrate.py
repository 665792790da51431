"""`minitwit migrate`: bring a database's schema up to date, as a release step."""

import os

import click

from minitwit.db import Script, open_script
from minitwit.schema import Migration, migrations
from minitwit.settings import DatabaseSettings

# A migration that waits for a lock makes every request behind it wait as well, so it
# gives up soon. What it does once it has its locks may take its time.
_LIMITS = {"lock_timeout_ms": 4_000, "statement_timeout_ms": 600_000}

# Any number will do, so long as every `minitwit migrate` takes the same.
_ADVISORY_LOCK = 77_102

_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version int CONSTRAINT schema_migrations_pkey PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


@click.command()
def migrate() -> None:
    """Apply the migrations that the database does not have yet.

    Reads MINITWIT_DATABASE_URL and MINITWIT_DATABASE_PASSWORD_FILE; the role in the
    URL must own the database. Safe to run twice, and at the same time.
    """
    settings = DatabaseSettings.from_environment(os.environ).model_copy(update=_LIMITS)
    with open_script(settings) as script:
        applied = _apply(script)
    for migration in applied:
        click.echo(f"applied {migration.version:04} {migration.name}")
    click.echo(f"The schema is at version {migrations()[-1].version}.")


def _apply(script: Script) -> list[Migration]:
    script.run(f"SELECT pg_advisory_lock({_ADVISORY_LOCK})")
    script.run(_TABLE)
    done = {row[0] for row in script.run("SELECT version FROM schema_migrations")}
    pending = [step for step in migrations() if step.version not in done]
    for step in pending:
        # One transaction each: a step is there in full or not at all.
        done_row = f"({step.version}, '{step.name}')"
        script.run("BEGIN")
        script.run(step.sql)
        script.run(f"INSERT INTO schema_migrations (version, name) VALUES {done_row}")  # noqa: S608
        script.run("COMMIT")
    return pending
