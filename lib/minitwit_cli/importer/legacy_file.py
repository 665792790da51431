"""Reads the SQLite file of an older MiniTwit as a stream of valid rows.

A row that the database cannot hold goes to the report with its reason. Only the ids
and names of the users stay in memory, whatever the number of messages.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from minitwit.accounts.passwords import LOCKED
from minitwit.models import Registration
from minitwit_cli.importer import column_values as values
from minitwit_cli.importer.column_values import InvalidValue, Value
from minitwit_cli.importer.sqlite_file import InvalidLegacyFile, Row, SQLiteFile

_COLUMNS = {
    "user": ("user_id", "username", "email", "pw_hash"),
    "follower": ("who_id", "whom_id"),
    "message": ("message_id", "author_id", "text", "pub_date", "flagged"),
}

# The parts of a row that are unique.
_ID, _FOLLOW_PAIR = slice(0, 1), slice(1, 3)


class Report(Protocol):
    """Receives the rows that could not be imported unchanged."""

    def rejected(self, table: str, row: str, reason: str) -> None:
        """Record a row that was left out."""

    def changed(self, table: str, row: str, change: str) -> None:
        """Record a row that was imported with a change."""


class LegacyFile:
    """An open file, read as it was when it was opened.

    Args:
        path: of the file; it is opened for reading only.
        report: receives every row that is left out or changed.
        reserved: names that cannot be registered because pages have them.

    Raises:
        InvalidLegacyFile: it cannot be read, or a table or a column is missing.

    """

    def __init__(self, path: Path, report: Report, reserved: frozenset[str]) -> None:
        self._report = report
        self._reserved = reserved
        self._users: set[int] = set()
        self._file = SQLiteFile(path)
        try:
            for table in _COLUMNS:
                self._require_columns(table)
            self._counts = {table: self._count(table) for table in _COLUMNS}
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        return self._counts[table]

    def users(self) -> Iterator[Row]:
        """Yield id, username, email and password hash of the users, by id.

        Of two users with one name the first is imported: the old program found only
        that one at sign-in.
        """
        names: set[str] = set()
        rows = self._file.rows(
            "SELECT user_id, username, email, pw_hash FROM user "  # noqa: S608
            f"ORDER BY CAST(user_id AS INTEGER), {self._file.insertion_order('user')}"
        )
        valid = self._valid("user", rows, self._user)
        for row in self._without_repeats("user", valid, _ID):
            user_id, name = row[:2]
            if name in names:
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

        Only after `users`, on which it depends.
        """
        order = self._file.insertion_order("follower")
        rows = self._file.rows(
            f"SELECT row_number() OVER (ORDER BY {order}) AS id, who_id, whom_id "  # noqa: S608
            "FROM follower "
            "ORDER BY CAST(who_id AS INTEGER), CAST(whom_id AS INTEGER), id"
        )
        valid = self._valid("follower", rows, self._follow)
        yield from self._without_repeats("follower", valid, _FOLLOW_PAIR)

    def messages(self) -> Iterator[Row]:
        """Yield id, author, date, flag and text of the messages, by id.

        Only after `users`, on which it depends.
        """
        order = self._file.insertion_order("message")
        rows = self._file.rows(
            "SELECT message_id, author_id, pub_date, flagged, text FROM message "  # noqa: S608
            f"ORDER BY CAST(message_id AS INTEGER), {order}"
        )
        valid = self._valid("message", rows, self._message)
        yield from self._without_repeats("message", valid, _ID)

    def _valid(
        self, table: str, rows: Iterable[Row], convert: Callable[..., Row]
    ) -> Iterator[Row]:
        for row in rows:
            try:
                yield convert(*row)
            except InvalidValue as reason:
                self._report.rejected(table, f"{row[0]}", str(reason))

    def _without_repeats(
        self, table: str, rows: Iterable[Row], key: slice
    ) -> Iterator[Row]:
        """Yield the first of the rows that have the same key; equal keys are adjacent.

        They are where the query orders by CAST: it makes of every value that is a
        valid id the number that the value stands for.
        """
        last: Row | None = None
        for row in rows:
            if row[key] == last:
                keys = ", ".join(map(str, row[key]))
                self._report.rejected(table, f"{row[0]}", f"a row before it has {keys}")
            else:
                last = row[key]
                yield row

    def _user(self, user_id: Value, name: Value, email: Value, pw_hash: Value) -> Row:
        key, username = values.identifier("user_id", user_id), values.username(name)
        if username in self._reserved:
            self._changed(
                key,
                f"{username!r} is the address of a page today: rename the account by "
                "`minitwit migrate --rename-reserved`",
            )
        elif not _can_be_registered(username):
            self._changed(key, f"{username!r} could not be registered today")
        try:
            address = values.text("email", email)
        except InvalidValue as reason:
            self._changed(key, f"{reason}; it is empty now")
            address = ""
        password_hash = values.password_hash(pw_hash)
        if password_hash == LOCKED:
            self._changed(key, "pw_hash has an unknown format; no password signs in")
        return key, username, address, password_hash

    def _follow(self, number: int, follower: Value, followed: Value) -> Row:
        pair = (
            values.identifier("who_id", follower),
            values.identifier("whom_id", followed),
        )
        for name, user_id in zip(_COLUMNS["follower"], pair, strict=True):
            self._require_user(name, user_id)
        return number, *pair

    def _message(
        self, key: Value, author: Value, date: Value, flag: Value, content: Value
    ) -> Row:
        author_id = values.identifier("author_id", author)
        self._require_user("author_id", author_id)
        pub_date, unit = values.publication_date(date)
        row = (
            values.identifier("message_id", key),
            author_id,
            pub_date,
            values.boolean("flagged", flag),
            values.text("text", content),
        )
        if unit != "seconds":
            self._report.changed(
                "message", f"{row[0]}", f"pub_date {date!r} was read as {unit}"
            )
        return row

    def _require_user(self, name: str, user_id: int) -> None:
        if user_id not in self._users:
            raise InvalidValue(f"{name} {user_id} is not among the imported users")

    def _changed(self, user_id: int, change: str) -> None:
        self._report.changed("user", f"{user_id}", change)

    def _require_columns(self, table: str) -> None:
        found = self._file.columns(table)
        if not found:
            lacks = f"has no table {table}"
        elif missing := set(_COLUMNS[table]) - found:
            lacks = f"lacks {', '.join(sorted(missing))} in the table {table}"
        else:
            return
        raise InvalidLegacyFile(f"This is not the database of a MiniTwit: it {lacks}.")

    def _count(self, table: str) -> int:
        [[count]] = self._file.rows(f"SELECT count(*) FROM {table}")  # noqa: S608
        return int(count)


def _can_be_registered(username: str) -> bool:
    try:
        Registration(username=username, email="@", pwd="-")  # noqa: S106
    except ValueError:
        return False
    return True
