"""Checksums of tables, to verify that the original holds every row of a copy."""

from dataclasses import dataclass

from minitwit_cli.maintenance.admin_connection import AdminConnection

# The columns that never change: a message can be flagged, a password rehashed, a follow
# deleted.
_IMMUTABLE = {
    "users": "id, username, created_at",
    "messages": "id, author_id, pub_date, content",
}


@dataclass(frozen=True)
class TableChecksum:
    """The number of a table's rows up to an id, and a hash that ignores their order."""

    table: str
    up_to: int
    rows: int
    hash: str


def table_checksums(connection: AdminConnection) -> list[TableChecksum]:
    """Return the checksums of the tables whose rows are never deleted."""
    return [
        _checksum(connection, table, _highest(connection, table))
        for table in _IMMUTABLE
    ]


def differences(
    connection: AdminConnection, expected: list[TableChecksum]
) -> list[str]:
    """Return the tables in which the original lacks rows, or has other values.

    Args:
        connection: to the original.
        expected: the checksums of the copy.

    """
    faults = []
    for copied in expected:
        original = _checksum(connection, copied.table, copied.up_to)
        if original != copied:
            faults.append(
                f"{copied.table} up to id {copied.up_to}: the copy has {copied.rows} "
                f"rows with the hash {copied.hash}, the original {original.rows} with "
                f"{original.hash}"
            )
    return faults


def _highest(connection: AdminConnection, table: str) -> int:
    return int(connection.run(f"SELECT coalesce(max(id), 0) FROM {table}")[0][0])  # noqa: S608


def _checksum(connection: AdminConnection, table: str, up_to: int) -> TableChecksum:
    [[rows, total]] = connection.run(
        "SELECT count(*), coalesce(sum(hashtextextended(row_text, 0)::numeric), 0) "  # noqa: S608
        f"FROM (SELECT ROW({_IMMUTABLE[table]})::text AS row_text FROM {table} "
        f"WHERE id <= {up_to}) AS immutable"
    )
    return TableChecksum(table, up_to, rows, f"{int(total) % 2**64:016x}")
