"""How much a database holds and what: counts, and a hash that no order changes."""

from dataclasses import dataclass

from minitwit_cli.maintenance.admin_connection import AdminConnection

# What of a row never changes once it is there: a flag may be set, a password may be
# hashed anew, a follow may end.
_LASTING = {
    "users": "id, username, created_at",
    "messages": "id, author_id, pub_date, content",
}


@dataclass(frozen=True)
class Contents:
    """The rows of a table up to an id."""

    table: str
    up_to: int
    rows: int
    hash: str


def summarise(script: AdminConnection) -> list[Contents]:
    """Return what the tables that only grow hold."""
    return [_contents(script, table, _highest(script, table)) for table in _LASTING]


def deviations(script: AdminConnection, contents: list[Contents]) -> list[str]:
    """Return what of somebody else's contents is not here, or is other here."""
    faults = []
    for theirs in contents:
        ours = _contents(script, theirs.table, theirs.up_to)
        if ours != theirs:
            faults.append(
                f"{theirs.table} up to id {theirs.up_to}: {theirs.rows} rows with the "
                f"hash {theirs.hash} there, {ours.rows} with {ours.hash} here"
            )
    return faults


def _highest(script: AdminConnection, table: str) -> int:
    return int(script.run(f"SELECT coalesce(max(id), 0) FROM {table}")[0][0])  # noqa: S608


def _contents(script: AdminConnection, table: str, up_to: int) -> Contents:
    [[rows, total]] = script.run(
        "SELECT count(*), coalesce(sum(hashtextextended(row_text, 0)::numeric), 0) "  # noqa: S608
        f"FROM (SELECT ROW({_LASTING[table]})::text AS row_text FROM {table} "
        f"WHERE id <= {up_to}) AS lasting"
    )
    return Contents(table, up_to, rows, f"{int(total) % 2**64:016x}")
