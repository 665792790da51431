"""User accounts: registration, sign-in, lookup."""

from functools import partial

from minitwit.accounts import passwords
from minitwit.accounts.deletion import NAME_KEPT_DAYS
from minitwit.accounts.passwords import RunInThread, run_here
from minitwit.accounts.sign_in_throttle import (
    UNKNOWN_BROWSER,
    KnownBrowser,
    SignInThrottle,
)
from minitwit.errors import (
    AccountSuspended,
    InvalidPassword,
    InvalidUsername,
    TooManyAttempts,
    UnknownUser,
    UsernameTaken,
)
from minitwit.models import Account, Registration, VerifiedAccount
from minitwit.postgres.database import Database

# For so long a registration with the same data counts as the same form, sent twice.
REPEAT_SECONDS = 600


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
        self._throttle = SignInThrottle(database, run_in_thread)
        self._run_in_thread = run_in_thread

    def add(self, registration: Registration, latest: int | None = None) -> None:
        """Add an account.

        Args:
            registration: of the account.
            latest: the simulator's progress mark, set by the same statement.

        Raises:
            UsernameTaken: the unique constraint refuses the name. A check beforehand
                would race with another replica. Or an account had it until lately.

        """
        rows = self._database.write(
            "add_user",
            username=registration.username,
            email=registration.email,
            password_hash=self._hash(registration.password),
            latest=latest,
            days=NAME_KEPT_DAYS,
        )
        if not rows:
            raise UsernameTaken

    def add_once(self, registration: Registration) -> None:
        """Add an account; repeating the same registration soon changes nothing.

        So a sign-up form that is sent twice does not report its own name as taken.

        Raises:
            UsernameTaken: another registration has the name, or wrong passwords for it
                were so many that none is verified now.

        """
        try:
            self.add(registration)
        except UsernameTaken:
            if not self._is_repeated(registration):
                raise

    def _is_repeated(self, registration: Registration) -> bool:
        if not self._database.read(
            "recent_registration",
            username=registration.username,
            email=registration.email,
            seconds=REPEAT_SECONDS,
        ):
            return False
        # This tells whether a password is right, as a sign-in does, so it costs tokens.
        name, password = registration.username, registration.password
        try:
            _, is_right = self._throttle.verify(name, password, UNKNOWN_BROWSER)
        except TooManyAttempts:
            # Any other answer would tell that the e-mail address is right.
            return False
        return is_right

    def find(self, username: str) -> Account:
        """Return the account of a username.

        Raises:
            UnknownUser: there is none.

        """
        # PostgreSQL's text holds no NUL, so no user has such a name.
        if "\x00" in username:
            raise UnknownUser
        rows = self._database.read("find_user", username=username)
        if not rows:
            raise UnknownUser
        return Account(*rows[0])

    def sign_in(
        self, username: str, password: str, browser: KnownBrowser = UNKNOWN_BROWSER
    ) -> VerifiedAccount:
        """Return the account that a username and a password belong to.

        Raises:
            InvalidUsername: there is no such account.
            InvalidPassword: the password is wrong.
            AccountSuspended: a moderator has suspended the account.
            TooManyAttempts: there were too many wrong passwords for the username.

        """
        attempt, is_right = self._throttle.verify(username, password, browser)
        if attempt.user_id is None or attempt.password_hash is None:
            raise InvalidUsername
        if not is_right:
            raise InvalidPassword(attempt.user_id)
        if attempt.is_suspended:
            raise AccountSuspended
        password_hash = attempt.password_hash
        if passwords.is_outdated(password_hash):
            password_hash = self._hash(password)
            self._database.write(
                "replace_password_hash",
                id=attempt.user_id,
                verified=attempt.password_hash,
                password_hash=password_hash,
            )
        return VerifiedAccount(Account(attempt.user_id, username), password_hash)

    def check_password(
        self,
        account: Account,
        password: str,
        browser: KnownBrowser = UNKNOWN_BROWSER,
    ) -> VerifiedAccount:
        """Check the password that a signed-in account enters once more.

        Raises:
            InvalidPassword: it is wrong, or the account is gone.
            TooManyAttempts: there were too many wrong passwords for the account.

        """
        attempt, is_right = self._throttle.verify(account.username, password, browser)
        verified = attempt.password_hash
        if not is_right or attempt.user_id != account.id or verified is None:
            raise InvalidPassword(account.id)
        return VerifiedAccount(account, verified)

    def change_password(self, old: VerifiedAccount, password: str) -> VerifiedAccount:
        """Replace an account's password and end all of its sessions.

        Raises:
            InvalidPassword: another replaced the old one since it was verified.

        """
        account, password_hash = old.account, self._hash(password)
        if not self._database.write(
            "change_password",
            id=account.id,
            verified=old.password_hash,
            password_hash=password_hash,
        ):
            raise InvalidPassword(account.id)
        # With the old password, one may have started after the statement began.
        self._database.write("end_sessions_of_old_password", user_id=account.id)
        return VerifiedAccount(account, password_hash)

    def _hash(self, password: str) -> str:
        return self._run_in_thread(partial(passwords.hash_password, password))
