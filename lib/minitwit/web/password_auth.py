"""Authentication by password: throttled, counted, and in the security log."""

from collections.abc import Iterator
from contextlib import contextmanager

import falcon

from minitwit.errors import (
    AccountSuspended,
    InvalidPassword,
    InvalidUsername,
    TooManyAttempts,
)
from minitwit.models import Account, VerifiedAccount
from minitwit.telemetry.metrics import SignInResult, count_sign_in
from minitwit.users import Users
from minitwit.web.request_data import form
from minitwit.web.security_log import SecurityEvent, record
from minitwit.web.signed_cookies import SignedCookies


class PasswordAuth:
    """Checks the passwords that browsers send.

    Args:
        users: all accounts.
        cookies: tell which accounts a browser is known to.

    """

    def __init__(self, users: Users, cookies: SignedCookies) -> None:
        self._users = users
        self._cookies = cookies

    def sign_in(
        self, req: falcon.Request, username: str, password: str
    ) -> VerifiedAccount:
        """Return the account that a username and a password belong to.

        Raises:
            InvalidUsername: there is no such account.
            InvalidPassword: the password is wrong.
            AccountSuspended: a moderator has suspended the account.
            TooManyAttempts: there were too many wrong passwords for the username.

        """
        browser = self._cookies.known_browser(req)
        with _recorded(req, username, SecurityEvent.SIGN_IN_REFUSED):
            return self._users.sign_in(username, password, browser)

    def confirm(self, req: falcon.Request, account: Account) -> VerifiedAccount:
        """Check the field `password`, which a signed-in account enters once more.

        Raises:
            InvalidPassword: it is wrong, or the account is gone.
            TooManyAttempts: there were too many wrong passwords for the account.

        """
        password = form(req).get("password", "")
        browser = self._cookies.known_browser(req)
        with _recorded(req, account.username, SecurityEvent.PASSWORD_REFUSED):
            return self._users.check_password(account, password, browser)


@contextmanager
def _recorded(
    req: falcon.Request, username: str, refused: SecurityEvent
) -> Iterator[None]:
    try:
        yield
    except InvalidUsername:
        count_sign_in(SignInResult.UNKNOWN_NAME)
        record(refused, req, None)
        raise
    except AccountSuspended:
        count_sign_in(SignInResult.SUSPENDED)
        record(refused, req, None, username=username, reason="suspended")
        raise
    except InvalidPassword as error:
        count_sign_in(SignInResult.WRONG_PASSWORD)
        record(refused, req, _account(error.user_id, username))
        raise
    except TooManyAttempts as error:
        count_sign_in(SignInResult.THROTTLED)
        throttled = SecurityEvent.SIGN_IN_THROTTLED
        record(throttled, req, _account(error.user_id, username))
        raise
    count_sign_in(SignInResult.OK)


def _account(user_id: int | None, username: str) -> Account | None:
    """Return an account, unless no account has the name that was sent."""
    return Account(user_id, username) if user_id is not None else None
