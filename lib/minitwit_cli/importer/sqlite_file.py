"""Read-only SQLite connection with one snapshot and one kind of error."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from minitwit.errors import MiniTwitError

Row = tuple[Any, ...]

_ADVICE = {
    "SQLITE_BUSY": " Stop the program that writes to it, and try again.",
    "SQLITE_CANTOPEN": " A file in WAL mode has to be in a folder that can be written "
    "to: copy it there, with the files beside it whose names end in -wal and -shm.",
    "SQLITE_READONLY_ROLLBACK": " A write to it was interrupted: open it once with the "
    "sqlite3 program, or copy it with the file beside it whose name ends in -journal.",
}


class InvalidLegacyFile(MiniTwitError):
    """The file is not a readable SQLite database of an older MiniTwit."""


class SQLiteFile:
    """An open file, read as it was at the first statement.

    Args:
        path: of the file.

    Raises:
        InvalidLegacyFile: it cannot be opened.

    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            # SQLite would wait for a pipe, and takes an empty device for a database.
            raise InvalidLegacyFile(f"{path} is not a regular file.")
        address = f"{path.resolve().as_uri()}?mode=ro"
        try:
            self._connection = sqlite3.connect(address, uri=True, isolation_level=None)
        except sqlite3.DatabaseError as error:
            raise _unreadable(error) from error
        # Text that is not UTF-8 is refused row by row, not with the whole file.
        self._connection.text_factory = lambda data: data.decode(
            errors="surrogateescape"
        )
        # One transaction: messages that the old program adds meanwhile would refer to
        # users that were not read.
        self._connection.execute("BEGIN")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def rows(self, query: str) -> Iterator[Row]:
        """Yield what a query finds.

        Raises:
            InvalidLegacyFile: the file is damaged, locked or no database.

        """
        try:
            with closing(self._connection.execute(query)) as cursor:
                yield from cursor
        except sqlite3.DatabaseError as error:
            raise _unreadable(error) from error

    def columns(self, table: str) -> set[str]:
        """Return the names of a table's columns in lower case; none: no such table."""
        # table_xinfo, unlike table_info, lists generated columns.
        return {row[1].lower() for row in self.rows(f"PRAGMA table_xinfo({table})")}

    def insertion_order(self, table: str) -> str:
        """Return what to order a table by: WITHOUT ROWID and views have no rowid."""
        try:
            self._connection.execute(f"SELECT rowid FROM {table} LIMIT 0")  # noqa: S608
        except sqlite3.OperationalError:
            return "NULL"
        return "rowid"


def _unreadable(error: sqlite3.DatabaseError) -> InvalidLegacyFile:
    advice = _ADVICE.get(getattr(error, "sqlite_errorname", ""), "")
    return InvalidLegacyFile(f"The file cannot be read: {error}.{advice}")
