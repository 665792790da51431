"""Follows: which user follows which."""

from minitwit.errors import UnknownUser
from minitwit.models import Person
from minitwit.postgres.database import Database

PAGE_SIZE = 50  # people on a page
AND_ONE_MORE = PAGE_SIZE + 1  # in a list, which so shows whether another page follows

_NEWEST = 2**63 - 1  # Every follow came before this one.


class Follows:
    """The follow relation between users.

    Args:
        database: where it is stored.

    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, follower: str, followed: str, latest: int | None = None) -> None:
        """Make one user follow another; repeating it changes nothing.

        Args:
            follower: name of the user who follows.
            followed: name of the user to follow.
            latest: the simulator's progress mark, set by the same statement.

        Raises:
            UnknownUser: one of the two does not exist.

        """
        self._change("follow", follower, followed, latest)

    def remove(self, follower: str, followed: str, latest: int | None = None) -> None:
        """Make one user stop following another; it need not have followed before.

        Args:
            follower: name of the user who follows.
            followed: name of the user to stop following.
            latest: the simulator's progress mark, set by the same statement.

        Raises:
            UnknownUser: one of the two does not exist.

        """
        self._change("unfollow", follower, followed, latest)

    def names_json(self, follower: str, limit: int) -> str:
        """Return the names that a user follows as a JSON array, oldest follow first.

        Args:
            follower: name of the user.
            limit: the most names to return.

        Raises:
            UnknownUser: the follower does not exist.

        """
        if "\x00" in follower:
            raise UnknownUser
        rows = self._database.read("followed_names", follower=follower, limit=limit)
        if not rows:
            raise UnknownUser
        return str(rows[0][0])

    def followed(self, user_id: int, before: int | None = None) -> list[Person]:
        """Return a page of the users that a user follows, newest follow first."""
        return self._page("followed_page", user_id, before)

    def followers(self, user_id: int, before: int | None = None) -> list[Person]:
        """Return a page of a user's followers, newest follow first."""
        return self._page("followers_page", user_id, before)

    def _page(self, query: str, user_id: int, before: int | None) -> list[Person]:
        start = _NEWEST if before is None else before
        rows = self._database.read(
            query, user_id=user_id, before=start, limit=AND_ONE_MORE
        )
        return [Person(*row) for row in rows]

    def _change(
        self, query: str, follower: str, followed: str, latest: int | None
    ) -> None:
        if "\x00" in follower + followed:
            raise UnknownUser
        [[found, _]] = self._database.write(
            query, follower=follower, followed=followed, latest=latest
        )
        if found is None:
            raise UnknownUser
