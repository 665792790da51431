"""Throttle of wrong passwords: a token bucket for each username, in the database.

A wrong password costs a token. Without one, no password is verified, which would take
20 ms of CPU. A browser that has signed in to an account before has a bucket of its own
for it, so that an attack from elsewhere does not keep the owner out. A name that no
account has is throttled like any other.
"""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from functools import partial
from typing import Self
from uuid import uuid4

from minitwit.accounts import passwords
from minitwit.accounts.passwords import RunInThread
from minitwit.errors import TooManyAttempts
from minitwit.postgres.database import Database

CAPACITY = 10  # wrong passwords at once
REFILL_SECONDS = 30  # until a bucket has one more token

_BUCKETS = 2**20  # Names share a bucket by chance, so the table is bounded.
_MAX_ACCOUNTS = 5  # that a browser is known to; its cookie goes with every request


@dataclass(frozen=True, slots=True)
class KnownBrowser:
    """A browser, and the accounts that signed in with it before.

    Args:
        id: random; a bucket of its own is found by it.
        accounts: digests of their usernames, the last one to sign in first.

    """

    id: str
    accounts: tuple[str, ...] = ()

    @classmethod
    def new(cls) -> Self:
        """Return a browser that no account has signed in with."""
        return cls(uuid4().hex)

    def signed_in(self, username: str) -> Self:
        """Return this browser after an account has signed in with it."""
        digest = _digest(username)
        others = [known for known in self.accounts if known != digest]
        return replace(self, accounts=(digest, *others)[:_MAX_ACCOUNTS])

    def bucket(self, username: str) -> int:
        """Return the bucket of its wrong passwords for a username."""
        known = self.id if _digest(username) in self.accounts else ""
        return int.from_bytes(_sha256(f"{known} {username}")[:8]) % _BUCKETS


UNKNOWN_BROWSER = KnownBrowser(id="")


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to sign in whose password may be verified.

    Args:
        bucket: that pays for a wrong password.
        is_paid: whether it has paid already.
        user_id: of the account; None if no account has the name.
        password_hash: of the account.
        is_suspended: whether a moderator has suspended the account.

    """

    bucket: int
    is_paid: bool
    user_id: int | None
    password_hash: str | None
    is_suspended: bool


class SignInThrottle:
    """The buckets of all usernames.

    Args:
        database: where they are stored.
        run_in_thread: runs blocking work, such as verifying a password.

    """

    def __init__(self, database: Database, run_in_thread: RunInThread) -> None:
        self._database = database
        self._run_in_thread = run_in_thread

    def verify(
        self, username: str, password: str, browser: KnownBrowser
    ) -> tuple[Attempt, bool]:
        """Return the account of a username, and whether a password is its own.

        Raises:
            TooManyAttempts: the bucket has no token, so nothing was verified.

        """
        attempt = self._begin(username, browser)
        work = partial(passwords.matches, password, attempt.password_hash)
        is_right = self._run_in_thread(work)
        self._end(attempt, is_right)
        return attempt, is_right

    def _begin(self, username: str, browser: KnownBrowser) -> Attempt:
        """Find the account of a username, unless its bucket is out of tokens.

        An attempt pays before its password is verified, so that a hundred at once get
        no further than a hundred in a row; only a full bucket is charged afterwards,
        which leaves a sign-in without earlier mistakes a statement that only reads.

        Raises:
            TooManyAttempts: the bucket has no token.

        """
        bucket = browser.bucket(username)
        # PostgreSQL's text holds no NUL, so no user has such a name.
        [[*account, is_paid, is_refused]] = self._database.write(
            "begin_attempt",
            username="" if "\x00" in username else username,
            bucket=bucket,
            refill=REFILL_SECONDS,
            most=REFILL_SECONDS * (CAPACITY - 1),
        )
        if is_refused:
            raise TooManyAttempts(user_id=account[0])
        return Attempt(bucket, is_paid, *account)

    def _end(self, attempt: Attempt, is_right: bool) -> None:
        """Charge a wrong password, or pay back what a right one has paid."""
        if is_right and attempt.is_paid:
            self._database.write(
                "refund_attempt", bucket=attempt.bucket, refill=REFILL_SECONDS
            )
        elif not (is_right or attempt.is_paid):
            self._database.write(
                "charge_attempt",
                bucket=attempt.bucket,
                refill=REFILL_SECONDS,
                most=REFILL_SECONDS * (CAPACITY - 1),
            )


def _digest(username: str) -> str:
    return urlsafe_b64encode(_sha256(username)[:12]).decode()


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
