"""Accounts whose names have become addresses of pages: found, and renamed."""

from collections.abc import Collection

from minitwit_cli.maintenance.admin_connection import AdminConnection

_CHUNK = 10_000  # messages that a statement reads


def reserved_usernames(
    connection: AdminConnection, reserved: Collection[str]
) -> list[str]:
    """Return those of the reserved names that accounts have, sorted."""
    if connection.run("SELECT to_regclass('users') IS NULL") == [[True]]:
        return []
    rows = connection.run(
        f"SELECT username FROM users WHERE username IN ({_listed(reserved)})"  # noqa: S608
    )
    return sorted(row[0] for row in rows)


def rename_user(
    connection: AdminConnection, username: str, reserved: Collection[str]
) -> str:
    """Rename the account of a reserved name, and return its new name.

    Its messages have the old name until `rename_authors`.
    """
    new = f"{username}_"
    while new in reserved or reserved_usernames(connection, [new]):
        new += "_"
    connection.run(
        f"UPDATE users SET username = {_listed([new])} "  # noqa: S608
        f"WHERE username = {_listed([username])}"
    )
    return new


def rename_authors(connection: AdminConnection, reserved: Collection[str]) -> None:
    """Write authors' current names into messages that have a reserved one.

    In chunks, so that each holds its locks for a moment only. It also completes a
    renaming that was interrupted.
    """
    last = -(2**63)
    while True:
        [[chunk_end]] = connection.run(
            "SELECT max(id) FROM (SELECT id FROM messages "  # noqa: S608
            f"WHERE id > {last} ORDER BY id LIMIT {_CHUNK}) AS chunk"
        )
        if chunk_end is None:
            return
        connection.run(
            "UPDATE messages SET author_name = username FROM users "  # noqa: S608
            f"WHERE messages.id > {last} AND messages.id <= {chunk_end} "
            f"AND author_name IN ({_listed(reserved)}) AND users.id = author_id"
        )
        last = chunk_end


def _listed(names: Collection[str]) -> str:
    """Return names as SQL; they are segments of our own routes."""
    assert not any("'" in name for name in names)  # noqa: S101
    return ", ".join(f"'{name}'" for name in sorted(names))
