"""User accounts: registration, lookup, sign-in."""

from collections.abc import Callable, Collection
from functools import partial
from typing import Protocol, TypeVar

from minitwit import passwords
from minitwit.errors import InvalidPassword, InvalidUsername, UnknownUser
from minitwit.models import Account, Counts, Reader, Registration
from minitwit.postgres.database import Database, Row

# Nobody counts further: the page of somebody with a million followers must not take
# a thousand times as long as any other.
MAX_COUNT = 10_000

# Who follows more has the timeline of a busy reader.
MANY = 300


T = TypeVar("T")


class RunInThread(Protocol):
    """Runs blocking work away from the event loop."""

    def __call__(self, work: Callable[[], T]) -> T:
        """Return what the work returns, or raise what it raises."""


def run_here(work: Callable[[], T]) -> T:
    """Run blocking work in the caller's own thread."""
    return work()


class Users:
    """All accounts.

    Args:
        database: where they are stored.
        run_in_thread: runs blocking work (hashing takes 20 ms) and returns its result;
            by default in the caller's own thread.

    """

    def __init__(
        self, database: Database, run_in_thread: RunInThread = run_here
    ) -> None:
        self._database = database
        self._run_in_thread = run_in_thread

    def add(self, registration: Registration) -> None:
        """Add an account.

        Raises:
            UsernameTaken: the unique constraint says so; nothing asks beforehand,
                since two replicas could both be told that the name is free.

        """
        self._database.write(
            "add_user",
            username=registration.username,
            email=registration.email,
            password_hash=self._hash(registration.password),
        )

    def find(self, username: str) -> Account:
        """Return the account of a name.

        Raises:
            UnknownUser: there is none.

        """
        row = self._row(username)
        if row is None:
            raise UnknownUser
        return Account(row[0], row[1])

    def known(self, names: Collection[str]) -> frozenset[str]:
        """Return those of some names that users have; no name holds a line break."""
        if not names:
            return frozenset()
        rows = self._database.read("known_names", names="\n".join(names))
        return frozenset(row[0] for row in rows)

    def sign_in(self, username: str, password: str) -> Account:
        """Return the account whose password this is.

        Raises:
            InvalidUsername: there is no such account.
            InvalidPassword: the password is another one.

        """
        row = self._row(username)
        stored = row[2] if row else None
        is_right = self._run_in_thread(partial(passwords.matches, password, stored))
        if row is None:
            raise InvalidUsername
        if not is_right:
            raise InvalidPassword
        if passwords.is_outdated(row[2]):
            self._database.write(
                "set_password_hash",
                id=row[0],
                password_hash=self._hash(password),
            )
        return Account(row[0], row[1])

    def counts(self, user_id: int) -> Counts:
        """Return the counts of a user's page; MAX_COUNT + 1 stands for more."""
        rows = self._database.read("user_counts", id=user_id, limit=MAX_COUNT + 1)
        return Counts(*rows[0])

    def reader(self, account: Account) -> Reader:
        """Return an account with what its pages depend on at this moment."""
        [row] = self._database.read("reader", id=account.id, many=MANY)
        return Reader(account, *row)

    def set_moderator(self, username: str, is_moderator: bool) -> None:
        """Make somebody a moderator, or no longer; the functions' role may not.

        Raises:
            UnknownUser: the user does not exist.

        """
        if not self._database.write(
            "set_moderator", username=username, is_moderator=is_moderator
        ):
            raise UnknownUser

    def _hash(self, password: str) -> str:
        return self._run_in_thread(partial(passwords.hash_password, password))

    def _row(self, username: str) -> Row | None:
        # PostgreSQL's text holds no NUL, so nobody has such a name.
        if "\x00" in username:
            return None
        rows = self._database.read("find_user", username=username)
        return rows[0] if rows else None
