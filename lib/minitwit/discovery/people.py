"""People: users by the first letters of their names, and whom to follow."""

from collections.abc import Collection
from unicodedata import normalize

from minitwit.postgres.database import Database
from minitwit.text.fields import MAX_USERNAME

MAX_PEOPLE = 30  # people on a page


class People:
    """Users as others find them, without suspended ones.

    Args:
        database: where they are stored.

    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_prefix(self, prefix: str) -> list[str]:
        """Return the first users whose names begin with a text, whatever its case."""
        prefix = normalize("NFC", prefix)
        if "\x00" in prefix or len(prefix) > MAX_USERNAME:
            return []
        rows = self._database.read("people_by_prefix", prefix=prefix, limit=MAX_PEOPLE)
        return [row[0] for row in rows]

    def active(self, reader_id: int | None) -> list[str]:
        """Return users who have posted lately and whom a reader does not follow.

        Args:
            reader_id: of the reader's account; None when not signed in.

        """
        rows = self._database.read(
            "active_people", reader_id=reader_id, limit=MAX_PEOPLE
        )
        return [row[0] for row in rows]

    def followed_among(
        self, follower_id: int, names: Collection[str]
    ) -> frozenset[str]:
        """Return those of some names that a user follows."""
        if not names:
            return frozenset()
        rows = self._database.read(
            "followed_among", follower_id=follower_id, names="\n".join(names)
        )
        return frozenset(row[0] for row in rows)
