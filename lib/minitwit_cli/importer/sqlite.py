"""The SQLite file of an older MiniTwit, read as a stream of rows that fit today's.

A row that does not fit is told to the report, with the reason. What is remembered
between rows is the ids and names of the users, whatever the number of messages.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from minitwit.errors import MiniTwitError
from minitwit.passwords import LOCKED
from minitwit_cli.importer import values
from minitwit_cli.importer.values import Unusable, Value

Row = tuple[Any, ...]

_COLUMNS = {
    "user": ("user_id", "username", "email", "pw_hash"),
    "follower": ("who_id", "whom_id"),
    "message": ("message_id", "author_id", "text", "pub_date", "flagged"),
}


class NotAMiniTwit(MiniTwitError):
    """The file is not the SQLite database of a MiniTwit."""


class Report(Protocol):
    """Is told what could not be taken as it was."""

    def rejected(self, table: str, row: str, reason: str) -> None:
        """Hear that a row was left out."""

    def changed(self, table: str, row: str, what: str) -> None:
        """Hear that a row was taken, but not as it was."""


class LegacyFile:
    """An open file.

    Args:
        path: of the file; it is opened for reading only.
        report: is told of every row that was left out or changed.
        reserved: names that today nobody may register.

    Raises:
        NotAMiniTwit: a table or a column is missing.

    """

    def __init__(self, path: Path, report: Report, reserved: frozenset[str]) -> None:
        self._report = report
        self._reserved = reserved
        self._users: set[int] = set()
        self._file = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        # Bytes that are no UTF-8 are found out row by row.
        self._file.text_factory = lambda data: data.decode(errors="surrogateescape")
        try:
            self._counts = {table: self._count(table) for table in _COLUMNS}
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        return self._counts[table]

    def users(self) -> Iterator[Row]:
        """Yield id, username, email and password hash of the users, by id.

        Of two users with one name the first is taken: the old program found only
        that one, whoever signed in.
        """
        names: set[str] = set()
        rows = self._rows(
            "SELECT user_id, username, email, pw_hash FROM user "
            "ORDER BY CAST(user_id AS INTEGER), rowid"
        )
        for row in self._fitting("user", rows, self._user):
            user_id, name = row[:2]
            if user_id in self._users:
                self._report.rejected("user", f"{user_id}", "another row has this id")
            elif name in names:
                self._report.rejected(
                    "user",
                    f"{user_id}",
                    f"{name!r} is another user's name too; rename one in the file "
                    "and import again to keep both",
                )
            else:
                self._users.add(user_id)
                names.add(name)
                yield row

    def follows(self) -> Iterator[Row]:
        """Yield id, follower and followed of the follows; the id keeps their order.

        Only after `users`: it needs to know who was taken.
        """
        rows = self._rows(
            "SELECT rowid, who_id, whom_id, row_number() OVER ("
            "PARTITION BY CAST(who_id AS TEXT), CAST(whom_id AS TEXT) ORDER BY rowid"
            ") FROM follower"
        )
        yield from self._fitting("follower", rows, self._follow)

    def messages(self) -> Iterator[Row]:
        """Yield id, author, time, flag and text of the messages, by id.

        Only after `users`: it needs to know who was taken.
        """
        rows = self._rows(
            "SELECT message_id, author_id, pub_date, flagged, text FROM message "
            "ORDER BY CAST(message_id AS INTEGER)"
        )
        last: int | None = None
        for row in self._fitting("message", rows, self._message):
            if row[0] == last:
                self._report.rejected("message", f"{last}", "another row has this id")
            else:
                last = row[0]
                yield row

    def _fitting(
        self, table: str, rows: Iterable[Row], fit: Callable[..., Row]
    ) -> Iterator[Row]:
        for row in rows:
            try:
                yield fit(*row)
            except Unusable as reason:
                self._report.rejected(table, f"{row[0]}", str(reason))

    def _user(self, user_id: Value, name: Value, email: Value, pw_hash: Value) -> Row:
        key, username = values.integer("user_id", user_id), values.username(name)
        if not username.strip() or not username.isprintable() or "/" in username:
            self._changed(key, f"{username!r} could not be registered today")
        elif username in self._reserved:
            self._changed(key, f"{username!r} is the address of a page today")
        try:
            address = values.text("email", email)
        except Unusable as reason:
            self._changed(key, f"{reason}; it is empty now")
            address = ""
        password_hash = values.password_hash(pw_hash)
        if password_hash == LOCKED:
            self._changed(key, "pw_hash is of no known form; nobody can sign in")
        return key, username, address, password_hash

    def _follow(self, rowid: int, who: Value, whom: Value, occurrence: int) -> Row:
        pair = values.integer("who_id", who), values.integer("whom_id", whom)
        for name, user_id in zip(_COLUMNS["follower"], pair, strict=True):
            self._require_user(name, user_id)
        if occurrence > 1:
            raise Unusable(f"{pair[0]} follows {pair[1]} already")
        return rowid, *pair

    def _message(
        self, key: Value, author: Value, date: Value, flag: Value, content: Value
    ) -> Row:
        author_id = values.integer("author_id", author)
        self._require_user("author_id", author_id)
        return (
            values.integer("message_id", key),
            author_id,
            values.unix_seconds(date),
            values.truth(flag),
            values.text("text", content),
        )

    def _require_user(self, name: str, user_id: int) -> None:
        if user_id not in self._users:
            raise Unusable(f"{name} {user_id} is no user that was taken")

    def _changed(self, user_id: int, what: str) -> None:
        self._report.changed("user", f"{user_id}", what)

    def _count(self, table: str) -> int:
        found = {row[1] for row in self._rows(f"PRAGMA table_info({table})")}
        if missing := set(_COLUMNS[table]) - found:
            raise NotAMiniTwit(
                f"This is not the database of a MiniTwit: the table {table} lacks "
                f"{', '.join(sorted(missing))}."
            )
        return int(next(self._rows(f"SELECT count(*) FROM {table}"))[0])  # noqa: S608

    def _rows(self, query: str) -> Iterator[Row]:
        try:
            with closing(self._file.execute(query)) as cursor:
                yield from cursor
        except sqlite3.DatabaseError as error:
            raise NotAMiniTwit(f"The file cannot be read: {error}.") from error
