"""Changes of a password, and what ends sessions on other browsers."""

import falcon

from minitwit.accounts.password_resets import PasswordResets
from minitwit.accounts.sessions import Sessions
from minitwit.errors import InvalidInput
from minitwit.users import Users
from minitwit.web.browser_auth import BrowserAuth
from minitwit.web.browser_responses import BrowserResponses, reset_path
from minitwit.web.password_auth import PasswordAuth
from minitwit.web.request_data import form
from minitwit.web.security_log import SecurityEvent, record

_ACCOUNT = "/account"


class PasswordChange:
    """The form on the account's page that changes the password."""

    def __init__(
        self,
        users: Users,
        passwords: PasswordAuth,
        auth: BrowserAuth,
        browser: BrowserResponses,
    ) -> None:
        self._users = users
        self._passwords = passwords
        self._auth = auth
        self._browser = browser

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Change the password and end all sessions.

        This browser goes on in a new one, as its cookie may have been copied as well.
        """
        account = self._browser.account(req, _ACCOUNT)
        with self._browser.form_at(req, resp, _ACCOUNT):
            password = new_password(req, "new_password")
            old = self._passwords.confirm(req, account)
            verified = self._users.change_password(old, password)
            record(SecurityEvent.PASSWORD_CHANGED, req, account)
            self._auth.sign_in(req, resp, verified)
            text = "Your password was changed, and all other browsers were signed out"
            self._browser.redirect(req, resp, _ACCOUNT, text)


class SignOutEverywhere:
    """The form on the account's page that ends all sessions, this one included."""

    def __init__(
        self,
        sessions: Sessions,
        passwords: PasswordAuth,
        auth: BrowserAuth,
        browser: BrowserResponses,
    ) -> None:
        self._sessions = sessions
        self._passwords = passwords
        self._auth = auth
        self._browser = browser

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """End all sessions of the account."""
        account = self._browser.account(req, _ACCOUNT)
        with self._browser.form_at(req, resp, _ACCOUNT):
            self._passwords.confirm(req, account)
            self._sessions.end_all(account.id)
            record(SecurityEvent.SIGNED_OUT_EVERYWHERE, req, account)
            self._auth.sign_out(req, resp)
            self._browser.redirect(
                req, resp, "/login", "You were logged out everywhere"
            )


class PasswordReset:
    """The form of a one-time link."""

    def __init__(self, resets: PasswordResets, browser: BrowserResponses) -> None:
        self._resets = resets
        self._browser = browser

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Set the password; the link works once."""
        token = form(req).get("token", "")
        with self._browser.form_at(req, resp, reset_path(token)):
            account = self._resets.use(token, new_password(req, "password"))
            record(SecurityEvent.PASSWORD_RESET, req, account)
            self._browser.redirect(
                req,
                resp,
                "/login",
                "Your password was changed; sign in with it",
                typed={"username": account.username},
            )


def new_password(req: falcon.Request, field: str) -> str:
    """Return the password that a form's field and the one below it agree on.

    Raises:
        InvalidInput: it is empty, or the two differ.

    """
    password = form(req).get(field, "")
    if not password:
        raise InvalidInput(f"You have to enter a {field.replace('_', ' ')}", field)
    require_repeated(req, field)
    return password


def require_repeated(req: falcon.Request, field: str) -> None:
    """Require that a password was entered twice.

    Raises:
        InvalidInput: the two differ.

    """
    typed = form(req)
    if typed.get(field) != typed.get(f"{field}2"):
        raise InvalidInput(f"The two {field.replace('_', ' ')}s do not match", field)
