"""register: accounts and sessions.

POST /register creates an account, from JSON for the simulator or from a form.
/login and /logout start and end a browser's session, the forms under /account end
others. /reset_password takes the one-time links that operators hand out.
"""

from collections.abc import Mapping

import falcon

from functions.register.leaving import AccountDeletion, Export
from functions.register.passwords import (
    PasswordChange,
    PasswordReset,
    SignOutEverywhere,
    require_repeated,
)
from minitwit.accounts.deletion import Deletions
from minitwit.errors import InvalidInput
from minitwit.models import Registration
from minitwit.users import Users
from minitwit.web.app import Services
from minitwit.web.browser_auth import BrowserAuth
from minitwit.web.browser_responses import BrowserResponses, next_page, sign_in_path
from minitwit.web.content_negotiation import asks_for_html, sends_form
from minitwit.web.password_auth import PasswordAuth
from minitwit.web.request_data import form, form_model, json_body
from minitwit.web.reserved_names import is_reserved
from minitwit.web.simulator_auth import mark_of


class Accounts:
    """The collection of accounts."""

    def __init__(self, users: Users, browser: BrowserResponses) -> None:
        self._users = users
        self._browser = browser

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Create an account, from JSON or from the form."""
        if sends_form(req):
            self._from_form(req, resp)
            return
        registration = json_body(req, Registration)
        self._refuse_reserved(registration)
        self._users.add(registration, mark_of(req))
        resp.status = falcon.HTTP_204

    def _from_form(self, req: falcon.Request, resp: falcon.Response) -> None:
        with self._browser.form_at(req, resp, "/register"):
            registration = form_model(req, Registration, {"password": "pwd"})
            require_repeated(req, "password")
            self._refuse_reserved(registration)
            self._users.add_once(registration)
            self._browser.redirect(
                req,
                resp,
                "/login",
                "You were successfully registered and can login now",
                typed={"username": registration.username},
            )

    def _refuse_reserved(self, registration: Registration) -> None:
        if is_reserved(registration.username):
            raise InvalidInput(
                f'The username "{registration.username}" is reserved', "username"
            )


class Login:
    """The start of a session; it also goes on with a pending deletion."""

    def __init__(
        self,
        passwords: PasswordAuth,
        deletions: Deletions,
        auth: BrowserAuth,
        browser: BrowserResponses,
    ) -> None:
        self._passwords = passwords
        self._deletions = deletions
        self._auth = auth
        self._browser = browser

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Sign a browser in and redirect to the page that it came for (`next`)."""
        page = next_page(req)
        with self._browser.form_at(req, resp, sign_in_path(page)):
            typed = form(req)
            verified = self._passwords.sign_in(
                req, typed.get("username", ""), typed.get("password", "")
            )
            self._auth.sign_in(req, resp, verified)
            self._deletions.resume()
            self._browser.redirect(req, resp, page, "You were logged in")


class Logout:
    """The end of a session.

    GET signs out clients that do not ask for HTML, as in the original MiniTwit. A
    browser that follows a link is redirected to a page with the button instead.
    """

    def __init__(self, auth: BrowserAuth, browser: BrowserResponses) -> None:
        self._auth = auth
        self._browser = browser

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Sign a browser out."""
        self._auth.sign_out(req, resp)
        self._browser.redirect(req, resp, "/public", "You were logged out")

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Sign out, unless a browser asks for a page."""
        if asks_for_html(req):
            self.on_head(req, resp)
        else:
            self.on_post(req, resp)

    def on_head(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Redirect to the account's page, with a button; HEAD is a safe method."""
        self._browser.redirect(req, resp, "/account")


def routes(services: Services) -> Mapping[str, object]:
    """Return the resource of each path."""
    store, auth, browser = services.store, services.auth, services.browser
    users, passwords = store.users, services.passwords
    return {
        "/register": Accounts(users, browser),
        "/login": Login(passwords, store.deletions, auth, browser),
        "/logout": Logout(auth, browser),
        "/account/password": PasswordChange(users, passwords, auth, browser),
        "/account/sign_out_everywhere": SignOutEverywhere(
            store.sessions, passwords, auth, browser
        ),
        "/reset_password": PasswordReset(store.password_resets, browser),
        "/account/delete": AccountDeletion(store.deletions, passwords, auth, browser),
        "/account/export": Export(store.exports, browser),
    }
