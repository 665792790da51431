"""Profiles: what a user's page shows of the account."""

from dataclasses import dataclass

from minitwit.errors import UnknownUser
from minitwit.messages import AND_ONE_MORE, NEWEST
from minitwit.models import Account, Cursor, Post
from minitwit.postgres.database import Database
from minitwit.postgres.standby import ReplicatedDatabase

# Counting ends here, so that a page takes no longer for a million followers.
MAX_COUNT = 10_000


@dataclass(frozen=True, slots=True)
class Counts:
    """How many messages, followed users and followers a user has."""

    messages: int
    followed: int
    followers: int


@dataclass(frozen=True, slots=True)
class Profile:
    """What a user's page shows of the account, and whether the reader follows it.

    Args:
        account: of the user.
        counts: of its messages and follows.
        is_followed: whether the reader follows it.
        posts: its messages before a cursor that everybody sees, newest first, and one
            more than a page has if there are more.

    """

    account: Account
    counts: Counts
    is_followed: bool
    posts: list[Post]


class Profiles:
    """The profiles of all accounts.

    Args:
        database: where they are stored; reads may go to a standby.

    """

    def __init__(self, database: Database | ReplicatedDatabase) -> None:
        self._database = database

    def find(
        self, username: str, reader: Account | None = None, before: Cursor = NEWEST
    ) -> Profile:
        """Return the profile of a username; MAX_COUNT + 1 means more.

        Args:
            username: of the account.
            reader: who may follow the account, if signed in.
            before: its messages are those before this cursor.

        Raises:
            UnknownUser: there is no such account.

        """
        if "\x00" in username:
            raise UnknownUser
        rows = self._database.read(
            "profile",
            username=username,
            reader_id=reader.id if reader else None,
            limit=MAX_COUNT + 1,
            before_date=before.pub_date,
            before_id=before.id,
            posts=AND_ONE_MORE,
        )
        if not rows:
            raise UnknownUser
        [[number, name, is_suspended, *counts, is_followed, newest]] = rows
        posts = [Post(post, name, content, sent) for post, content, sent in newest]
        account = Account(number, name, is_suspended)
        return Profile(account, Counts(*counts), is_followed, posts)
