"""Whose database this is: told before anything is written to it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from minitwit.errors import DatabaseRefused
from minitwit.queries import statements
from minitwit_cli.maintenance.admin_connection import AdminConnection


@dataclass(frozen=True)
class Installation:
    """What makes a database this installation's and no other's."""

    id: UUID
    created_at: datetime


def find_installation(script: AdminConnection) -> Installation:
    """Return the installation whose data a migrated database holds.

    Raises:
        DatabaseRefused: the row is gone.

    """
    rows = script.run(statements()["installation"])
    if not rows:
        raise DatabaseRefused(
            "The table installation has lost its row: this is a damaged database or a "
            "damaged copy. Restore a backup: docs/runbooks/restore.md."
        )
    return Installation(*rows[0])


def require_ours(script: AdminConnection, expected: UUID | None, is_new: bool) -> None:
    """Refuse a database that is empty, or somebody else's, before it is migrated.

    Args:
        script: on the database.
        expected: the installation that it has to be, if that is known.
        is_new: the operator says that this is a new installation.

    Raises:
        DatabaseRefused: with what to do about it.

    """
    tables = {row[0] for row in script.run(statements()["tables"])}
    if "schema_migrations" not in tables:
        _require_new(tables, is_new)
    elif "installation" in tables:
        found = find_installation(script).id
        if expected not in (None, found):
            raise DatabaseRefused(
                f"The database belongs to the installation {found}, and "
                f"MINITWIT_INSTALLATION names {expected}: correct the one that is "
                "wrong, MINITWIT_DATABASE_URL or MINITWIT_INSTALLATION."
            )


def _require_new(tables: set[str], is_new: bool) -> None:
    if tables:
        raise DatabaseRefused(
            "The database holds tables that MiniTwit did not make "
            f"({', '.join(sorted(tables)[:5])}): name a database of its own in "
            "MINITWIT_DATABASE_URL."
        )
    if not is_new:
        raise DatabaseRefused(
            "The database is empty. If this is a new installation, say so: `minitwit "
            "migrate --new-installation`. If there should be data, change nothing: "
            "look for the right volume, or restore a backup "
            "(docs/runbooks/empty-database.md)."
        )
