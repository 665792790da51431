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
from minitwit_cli.maintenance.installation import find_installation
from minitwit_cli.maintenance.integrity import broken_references, require_intact

# It reads every table in full.
_LIMITS = {"statement_timeout_ms": 3_600_000}


@click.command("check-database")
@click.option(
    "--copy-of",
    metavar="URL",
    help="The original, with the same password: this copy must have its rows.",
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
        if copy_of:
            original = settings.model_copy(update={"database_url": copy_of})
            with open_admin_connection(original) as other:
                _require_true_copy(other, connection, checksums)
    click.echo(f"installation {installation.id} of {installation.created_at:%F %T} UTC")
    click.echo("schema, constraints, sequences and references: whole")
    for part in checksums:
        click.echo(f"{part.table}: {part.rows} rows up to id {part.up_to}, {part.hash}")
    if copy_of:
        click.echo("a true copy: it has all of the original up to then, unchanged")


def _require_true_copy(
    original: AdminConnection,
    copy: AdminConnection,
    checksums: list[TableChecksum],
) -> None:
    theirs, ours = find_installation(original), find_installation(copy)
    if theirs != ours:
        raise DatabaseRefused(
            f"This is a copy of the installation {ours.id}, not of {theirs.id}."
        )
    if faults := differences(original, copy, checksums):
        raise DatabaseRefused("The copy differs: " + "; ".join(faults) + ".")
