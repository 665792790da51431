"""Checksums of tables, to verify that a copy holds every row of its original.

Rows may have been deleted from the original since it was copied, so a copy may have
more. Tables are compared block by block, and only blocks that differ row by row.
"""

from dataclasses import dataclass

from minitwit_cli.maintenance.admin_connection import AdminConnection

# The columns that never change, and the rows in which they do not: a message can be
# flagged, a password rehashed, and an account that is being deleted gives up its name.
_IMMUTABLE = {
    "users": ("id, username, created_at", "deleted_at IS NULL"),
    "messages": ("id, author_id, pub_date, content", "true"),
}

_BLOCK = 10_000  # ids


@dataclass(frozen=True)
class TableChecksum:
    """Checksums of a table up to an id.

    Args:
        table: its name.
        up_to: the highest id.
        blocks: number of rows, and the sum of their hashes, of each block of ids.

    """

    table: str
    up_to: int
    blocks: dict[int, tuple[int, int]]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return sum(rows for rows, _ in self.blocks.values())

    @property
    def hash(self) -> str:
        """A hash of all rows that ignores their order."""
        return f"{sum(total for _, total in self.blocks.values()) % 2**64:016x}"


def table_checksums(connection: AdminConnection) -> list[TableChecksum]:
    """Return the checksums of users and messages."""
    return [
        _checksum(connection, table, _highest(connection, table))
        for table in _IMMUTABLE
    ]


def differences(
    original: AdminConnection, copy: AdminConnection, copied: list[TableChecksum]
) -> list[str]:
    """Return the rows that a copy lacks, or has with other values, as sentences.

    Args:
        original: connection to the original.
        copy: connection to the copy.
        copied: the checksums of the copy.

    """
    faults = []
    for expected in copied:
        found = _checksum(original, expected.table, expected.up_to)
        for block in found.blocks:
            if found.blocks[block] != expected.blocks.get(block):
                there = _rows(original, expected.table, expected.up_to, block)
                here = _rows(copy, expected.table, expected.up_to, block)
                wrong = sorted(there.items() - here.items())
                if wrong:
                    faults.append(
                        f"{expected.table} with ids from {block * _BLOCK}: the "
                        f"original has {len(wrong)} rows that the copy lacks or has "
                        f"otherwise, first id {wrong[0][0]}"
                    )
    return faults


def _highest(connection: AdminConnection, table: str) -> int:
    return int(connection.run(f"SELECT coalesce(max(id), 0) FROM {table}")[0][0])  # noqa: S608


def _checksum(connection: AdminConnection, table: str, up_to: int) -> TableChecksum:
    rows = connection.run(
        f"SELECT id / {_BLOCK}, count(*), sum(hash::numeric) "  # noqa: S608
        f"FROM ({_hashed(table, up_to)}) AS hashed GROUP BY 1 ORDER BY 1"
    )
    blocks = {block: (count, int(total)) for block, count, total in rows}
    return TableChecksum(table, up_to, blocks)


def _rows(
    connection: AdminConnection, table: str, up_to: int, block: int
) -> dict[int, int]:
    first = block * _BLOCK
    rows = connection.run(
        f"SELECT id, hash FROM ({_hashed(table, up_to)}) AS hashed "  # noqa: S608
        f"WHERE id / {_BLOCK} = {block} "
        f"AND id BETWEEN {first - _BLOCK} AND {first + _BLOCK}"
    )
    return {row[0]: row[1] for row in rows}


def _hashed(table: str, up_to: int) -> str:
    columns, where = _IMMUTABLE[table]
    return (
        f"SELECT id, hashtextextended(ROW({columns})::text, 0) AS hash FROM {table} "  # noqa: S608
        f"WHERE id <= {up_to} AND {where}"
    )
