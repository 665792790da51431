"""Messages: posting, and the lists of them that callers read."""

from minitwit.db import Database
from minitwit.errors import UnknownUser
from minitwit.models import Cursor, Post

PAGE_SIZE = 30  # messages on a page

# Everything is older than this: the place where the newest page begins.
_NOW = Cursor(pub_date=2**63 - 1, id=2**63 - 1)


class Messages:
    """Every message that was posted and is not flagged."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, username: str, content: str) -> None:
        """Post a message of a user.

        Raises:
            UnknownUser: the user does not exist.

        """
        if "\x00" in username or not self._database.write(
            "add_message", username=username, content=content
        ):
            raise UnknownUser

    def recent_json(self, limit: int) -> str:
        """Return everybody's newest messages as the API's JSON."""
        return str(self._database.read("recent_messages", limit=limit)[0][0])

    def recent_json_of(self, username: str, limit: int) -> str:
        """Return a user's newest messages as the API's JSON.

        Raises:
            UnknownUser: the user does not exist.

        """
        if "\x00" in username:
            raise UnknownUser
        rows = self._database.read("recent_messages_of", username=username, limit=limit)
        if not rows:
            raise UnknownUser
        return str(rows[0][0])

    def public_timeline(self, before: Cursor | None = None) -> list[Post]:
        """Return a page of everybody's messages, newest first."""
        return self._page("public_timeline", before)

    def user_timeline(
        self, author_id: int, username: str, before: Cursor | None = None
    ) -> list[Post]:
        """Return a page of one author's messages, newest first."""
        return self._page(
            "user_timeline", before, author_id=author_id, username=username
        )

    def own_timeline(self, user_id: int, before: Cursor | None = None) -> list[Post]:
        """Return a page of a user's and the followed users' messages, newest first."""
        return self._page("own_timeline", before, user_id=user_id)

    def _page(
        self, query: str, before: Cursor | None, **parameters: object
    ) -> list[Post]:
        start = before or _NOW
        rows = self._database.read(
            query,
            before_date=start.pub_date,
            before_id=start.id,
            limit=PAGE_SIZE,
            **parameters,
        )
        return [Post(*row) for row in rows]
