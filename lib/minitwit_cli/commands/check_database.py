"""`minitwit check-database`: verify a database; compare a copy with its original."""

import os

import click

from minitwit.errors import DatabaseRefused
from minitwit.settings import DatabaseSettings
from minitwit_cli.maintenance.admin_connection import (
    AdminConnection,
    open_admin_connection,
)
from minitwit_cli.maintenance.checksums import (
    TableChecksum,
    differences,
    table_checksums,
)
from minitwit_cli.maintenance.installation import Installation, find_installation
from minitwit_cli.maintenance.integrity import broken_references, require_intact

# It reads every table in full.
_LIMITS = {"statement_timeout_ms": 3_600_000}


@click.command("check-database")
@click.option(
    "--copy-of",
    metavar="URL",
    help="The original, with the same password: it must have all rows of this copy.",
)
def check_database(copy_of: str | None) -> None:
    """Verify a database; compare a copy with its original.

    Checks schema, constraints, sequences and references, and prints checksums.

    Reads MINITWIT_DATABASE_URL and MINITWIT_DATABASE_PASSWORD_FILE; the role in the
    URL must own the database. Nothing is changed.
    """
    settings = DatabaseSettings.from_environment(os.environ).model_copy(update=_LIMITS)
    with open_admin_connection(settings) as connection:
        installation = find_installation(connection)
        require_intact(connection)
        if faults := broken_references(connection):
            raise DatabaseRefused(
                "Referenced rows are missing: " + "; ".join(faults) + "."
            )
        checksums = table_checksums(connection)
    click.echo(f"installation {installation.id} of {installation.created_at:%F %T} UTC")
    click.echo("schema, constraints, sequences and references: whole")
    for part in checksums:
        click.echo(f"{part.table}: {part.rows} rows up to id {part.up_to}, {part.hash}")
    if copy_of:
        original = settings.model_copy(update={"database_url": copy_of})
        with open_admin_connection(original) as connection:
            _require_true_copy(connection, installation, checksums)
        click.echo("a true copy: all of it is in the original, unchanged")


def _require_true_copy(
    original: AdminConnection,
    installation: Installation,
    checksums: list[TableChecksum],
) -> None:
    if (other := find_installation(original)) != installation:
        raise DatabaseRefused(
            f"This is a copy of the installation {installation.id}, not of {other.id}."
        )
    if faults := differences(original, checksums):
        raise DatabaseRefused("The copy differs: " + "; ".join(faults) + ".")
