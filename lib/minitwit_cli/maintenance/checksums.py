"""Checksums of tables, to verify that a copy holds the rows of the original."""

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
    """Return the tables that lack some of the expected rows, or have them changed."""
    faults = []
    for theirs in expected:
        ours = _checksum(connection, theirs.table, theirs.up_to)
        if ours != theirs:
            faults.append(
                f"{theirs.table} up to id {theirs.up_to}: {theirs.rows} rows with the "
                f"hash {theirs.hash} there, {ours.rows} with {ours.hash} here"
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
