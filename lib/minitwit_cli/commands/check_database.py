"""`minitwit check-database`: verify a database, and that a copy has all its rows."""

import os

import click

from minitwit.errors import DatabaseRefused
from minitwit.settings import DatabaseSettings
from minitwit_cli.maintenance.admin_connection import (
    AdminConnection,
    open_admin_connection,
)
from minitwit_cli.maintenance.checksums import Contents, deviations, summarise
from minitwit_cli.maintenance.installation import Installation, find_installation
from minitwit_cli.maintenance.integrity import dangling_rows, require_whole

# It reads every table in full.
_LIMITS = {"statement_timeout_ms": 3_600_000}


@click.command("check-database")
@click.option(
    "--copy-of",
    metavar="URL",
    help="A database, with the same password, that has to hold all that this one has.",
)
def check_database(copy_of: str | None) -> None:
    """Check schema, constraints, sequences, references, and the contents of a copy.

    Reads MINITWIT_DATABASE_URL and MINITWIT_DATABASE_PASSWORD_FILE; the role in the
    URL must own the database. Nothing is changed.
    """
    settings = DatabaseSettings.from_environment(os.environ).model_copy(update=_LIMITS)
    with open_admin_connection(settings) as script:
        installation = find_installation(script)
        require_whole(script)
        if faults := dangling_rows(script):
            raise DatabaseRefused("Rows are missing: " + "; ".join(faults) + ".")
        contents = summarise(script)
    click.echo(f"installation {installation.id} of {installation.created_at:%F %T} UTC")
    click.echo("schema, constraints, sequences and references: whole")
    for part in contents:
        click.echo(f"{part.table}: {part.rows} rows up to id {part.up_to}, {part.hash}")
    if copy_of:
        original = settings.model_copy(update={"database_url": copy_of})
        with open_admin_connection(original) as script:
            _require_true_copy(script, installation, contents)
        click.echo("a true copy: all of it is in the original, unchanged")


def _require_true_copy(
    original: AdminConnection, installation: Installation, contents: list[Contents]
) -> None:
    if (other := find_installation(original)) != installation:
        raise DatabaseRefused(
            f"This is a copy of the installation {installation.id}, not of {other.id}."
        )
    if faults := deviations(original, contents):
        raise DatabaseRefused("The copy deviates: " + "; ".join(faults) + ".")
