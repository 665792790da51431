"""One-time links by which a user sets a new password without the old one."""

from functools import partial
from hashlib import sha256
from secrets import token_urlsafe

from minitwit.accounts import passwords
from minitwit.accounts.passwords import RunInThread, run_here
from minitwit.errors import InvalidResetLink, UnknownUser
from minitwit.models import Account
from minitwit.postgres.database import Database

VALID_SECONDS = 60 * 60  # of a link


class PasswordResets:
    """The links that operators hand out; the database knows digests of their tokens.

    Args:
        database: where they are stored.
        run_in_thread: runs blocking work, such as hashing a password.

    """

    def __init__(
        self, database: Database, run_in_thread: RunInThread = run_here
    ) -> None:
        self._database = database
        self._run_in_thread = run_in_thread

    def add(self, username: str, token_digest: str) -> None:
        """Add a link, which replaces the account's earlier ones.

        The functions' database role may not do this.

        Args:
            username: of the account.
            token_digest: of the link's token.

        Raises:
            UnknownUser: the user does not exist.

        """
        if not self._database.write(
            "add_password_reset",
            username=username,
            token_digest=token_digest,
            seconds=VALID_SECONDS,
        ):
            raise UnknownUser

    def account(self, token: str) -> Account | None:
        """Return the account whose link has a token; None if it is used or expired."""
        rows = self._database.read("password_reset", token_digest=digest(token))
        return Account(*rows[0]) if rows else None

    def use(self, token: str, password: str) -> Account:
        """Set the password of a link's account and end all of its sessions.

        Raises:
            InvalidResetLink: the link is used or expired, perhaps just now.

        """
        if self.account(token) is None:  # Hashing costs more than asking.
            raise InvalidResetLink
        hashing = partial(passwords.hash_password, password)
        rows = self._database.write(
            "use_password_reset",
            token_digest=digest(token),
            password_hash=self._run_in_thread(hashing),
        )
        if not rows:
            raise InvalidResetLink
        account = Account(*rows[0])
        # With the old password, one may have started after the statement began.
        self._database.write("end_sessions_before_reset", user_id=account.id)
        return account


def new_token() -> str:
    """Return the random token of a link."""
    return token_urlsafe(32)


def digest(token: str) -> str:
    """Return what the database knows of a token."""
    # A token is random, so its digest needs neither salt nor cost.
    return sha256(token.encode()).hexdigest()
