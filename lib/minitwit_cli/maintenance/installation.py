"""Identity of an installation: refuses to migrate the database of another one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from minitwit.errors import DatabaseRefused
from minitwit.queries import statements
from minitwit_cli.maintenance.admin_connection import AdminConnection


@dataclass(frozen=True)
class Installation:
    """The row of a migrated database that identifies its installation."""

    id: UUID
    created_at: datetime


def find_installation(connection: AdminConnection) -> Installation:
    """Return the installation whose data a migrated database holds.

    Raises:
        DatabaseRefused: the row is missing.

    """
    rows = connection.run(statements()["installation"])
    if not rows:
        raise DatabaseRefused(
            "The table installation has no row: this is a damaged database or a "
            "damaged copy. Restore a backup: docs/runbooks/restore.md."
        )
    return Installation(*rows[0])


def require_installation(
    connection: AdminConnection, expected: UUID | None, is_new: bool
) -> None:
    """Refuse to migrate a database that is empty or of another installation.

    Args:
        connection: to the database.
        expected: the id that it must have, if that is known.
        is_new: whether an empty database is expected, for a new installation.

    Raises:
        DatabaseRefused: with what to do about it.

    """
    tables = {row[0] for row in connection.run(statements()["tables"])}
    if "schema_migrations" not in tables:
        _require_new(tables, is_new)
    elif "installation" in tables:
        found = find_installation(connection).id
        if expected not in (None, found):
            raise DatabaseRefused(
                f"The database belongs to the installation {found}, and "
                f"MINITWIT_INSTALLATION names {expected}: correct the one that is "
                "wrong, MINITWIT_DATABASE_URL or MINITWIT_INSTALLATION."
            )


def _require_new(tables: set[str], is_new: bool) -> None:
    if tables:
        raise DatabaseRefused(
            "The database has tables that are not MiniTwit's "
            f"({', '.join(sorted(tables)[:5])}): name a separate database in "
            "MINITWIT_DATABASE_URL."
        )
    if not is_new:
        raise DatabaseRefused(
            "The database is empty. For a new installation, run `minitwit "
            "migrate --new-installation`. If there should be data, change nothing: "
            "find the right volume, or restore a backup "
            "(docs/runbooks/empty-database.md)."
        )
