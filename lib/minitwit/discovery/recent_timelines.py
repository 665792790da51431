"""Reads the newest page of own timelines, down to where it ended the last time."""

from collections.abc import Sequence

from minitwit.models import Post
from minitwit.postgres.database import Database
from minitwit.postgres.standby import ReplicatedDatabase

_MOST_READERS = 10_000  # about a megabyte


class RecentTimelines:
    """The newest pages of the timelines of readers who have been here lately.

    A page only moves on: unless a message was deleted or an author is followed no more,
    it ends no earlier than it did. So where it ended is how far back each author has to
    be read. It is only a bound: the messages themselves come from the database.

    Args:
        database: where the messages are stored.
        limit: messages of a full page.

    """

    def __init__(self, database: Database | ReplicatedDatabase, limit: int) -> None:
        self._database = database
        self._limit = limit
        self._ends: dict[int, int] = {}  # by reader, in Unix seconds

    def page(self, user_id: int) -> list[Post]:
        """Return the newest page of a reader if it is full, else what is known of it.

        Args:
            user_id: of the reader.

        """
        since = self._ends.get(user_id)
        if since is None:
            return []
        rows = self._database.read(
            "recent_timeline", user_id=user_id, since=since, limit=self._limit
        )
        return [Post(*row) for row in rows]

    def note(self, user_id: int, page: Sequence[Post]) -> None:
        """Take note of where the newest page of a reader ends, if it is full."""
        if len(page) < self._limit:
            return
        if user_id not in self._ends and len(self._ends) >= _MOST_READERS:
            self._ends.clear()
        self._ends[user_id] = page[-1].pub_date
