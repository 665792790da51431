"""Profiles: what a user's page shows of the account."""

from minitwit.errors import UnknownUser
from minitwit.models import Account, Counts, Profile
from minitwit.postgres.database import Database

# Counting ends here, so that a page takes no longer for a million followers.
MAX_COUNT = 10_000


class Profiles:
    """The profiles of all accounts.

    Args:
        database: where they are stored.

    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, username: str, reader: Account | None = None) -> Profile:
        """Return the profile of a username; MAX_COUNT + 1 means more.

        Args:
            username: of the account.
            reader: who may follow the account, if signed in.

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
        )
        if not rows:
            raise UnknownUser
        *account, messages, followed, followers, is_followed = rows[0]
        counts = Counts(messages, followed, followers)
        return Profile(Account(*account), counts, is_followed)
