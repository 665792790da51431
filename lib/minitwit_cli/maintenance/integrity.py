"""Integrity checks: schema, sequences and foreign keys of a database."""

from minitwit.errors import DatabaseRefused
from minitwit.queries import statements
from minitwit_cli.maintenance.admin_connection import AdminConnection
from minitwit_cli.maintenance.schema_comparison import is_newer, missing_objects


def require_intact(connection: AdminConnection) -> None:
    """Refuse a database whose schema lacks what the migrations create.

    Raises:
        DatabaseRefused: with what is wrong.

    """
    if faults := schema_faults(connection):
        raise DatabaseRefused(
            "The database differs from what the migrations create. "
            + "; ".join(faults)
            + ". "
            "docs/runbooks/damaged-database.md says how to repair it."
        )


def schema_faults(connection: AdminConnection) -> list[str]:
    """Return missing schema objects, and sequences that are behind their tables."""
    if is_newer(connection):
        return []  # Code that was rolled back does not know the newer schema.
    lacking = [f"missing: {entry}" for entry in missing_objects(connection)]
    return lacking + _late_sequences(connection)


def broken_references(connection: AdminConnection) -> list[str]:
    """Return the foreign keys that rows violate; reads every table in full.

    The server enforces them, except during a restore that disables triggers.
    """
    faults = []
    for name, table, column, target, key in connection.run(statements()["references"]):
        [[count]] = connection.run(
            f"SELECT count(*) FROM {table} AS here WHERE NOT EXISTS ("  # noqa: S608
            f"SELECT FROM {target} AS there WHERE there.{key} = here.{column})"
        )
        if count:
            faults.append(
                f"{name}: {count} rows of {table} refer to rows that do not exist"
            )
    return faults


def _late_sequences(connection: AdminConnection) -> list[str]:
    faults = []
    for table, column, sequence in connection.run(statements()["identities"]):
        # In this order: rows that are inserted in between only advance the sequence.
        [[highest]] = connection.run(f"SELECT coalesce(max({column}), 0) FROM {table}")  # noqa: S608
        [[last]] = connection.run(
            f"SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM {sequence}"  # noqa: S608
        )
        if highest > last:
            faults.append(
                f"the sequence of {table}.{column} is at {last}, and the table at "
                f"{highest}: the next insert would fail"
            )
    return faults
