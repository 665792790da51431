"""Whether a database is whole: what a migration or a restore must leave behind."""

from minitwit.errors import DatabaseRefused
from minitwit.queries import statements
from minitwit_cli.maintenance import schema_comparison as catalog
from minitwit_cli.maintenance.admin_connection import AdminConnection


def require_whole(script: AdminConnection) -> None:
    """Refuse a database whose schema lacks something that the migrations made.

    Raises:
        DatabaseRefused: with what is wrong.

    """
    if faults := schema_faults(script):
        raise DatabaseRefused(
            "The database is not what the migrations make. " + "; ".join(faults) + ". "
            "docs/runbooks/damaged-database.md says how to mend it."
        )


def schema_faults(script: AdminConnection) -> list[str]:
    """Return what the schema lacks, and the sequences that are behind their tables."""
    if catalog.is_newer(script):
        return []  # A release that was rolled back cannot know what a newer one made.
    lacking = [f"missing: {entry}" for entry in catalog.missing(script)]
    return lacking + _late_sequences(script)


def dangling_rows(script: AdminConnection) -> list[str]:
    """Return the foreign keys that some row breaks: reads every table in full.

    The server upholds them, but a restore that disables triggers leaves them broken.
    """
    faults = []
    for name, table, column, target, key in script.run(statements()["references"]):
        [[count]] = script.run(
            f"SELECT count(*) FROM {table} AS here WHERE NOT EXISTS ("  # noqa: S608
            f"SELECT FROM {target} AS there WHERE there.{key} = here.{column})"
        )
        if count:
            faults.append(f"{name}: {count} rows of {table} point to nothing")
    return faults


def _late_sequences(script: AdminConnection) -> list[str]:
    faults = []
    for table, column, sequence in script.run(statements()["identities"]):
        # In this order: rows that are added meanwhile only push the sequence on.
        [[highest]] = script.run(f"SELECT coalesce(max({column}), 0) FROM {table}")  # noqa: S608
        [[last]] = script.run(
            f"SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM {sequence}"  # noqa: S608
        )
        if highest > last:
            faults.append(
                f"the sequence of {table}.{column} is at {last}, and the table at "
                f"{highest}: the next insert would fail"
            )
    return faults
