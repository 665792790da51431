"""register: accounts and sessions.

POST /register creates an account, for the simulator (JSON) and for a browser (form).
POST /login and /logout begin and end a browser's session.
"""

from collections.abc import Mapping

import falcon

from minitwit.errors import InvalidInput
from minitwit.models import Registration
from minitwit.users import Users
from minitwit.web.app import Services
from minitwit.web.browser_responses import Browser
from minitwit.web.content_negotiation import sends_form
from minitwit.web.request_data import form, form_model, json_body
from minitwit.web.reserved_names import is_reserved
from minitwit.web.sessions import Sessions


class Accounts:
    """The collection of accounts."""

    form_page = "/register"

    def __init__(self, users: Users, browser: Browser) -> None:
        self._users = users
        self._browser = browser

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Create an account, from JSON or from the form."""
        if sends_form(req):
            registration = form_model(req, Registration, {"password": "pwd"})
            if form(req).get("password2") != registration.password:
                raise InvalidInput("The two passwords do not match")
            self._add(registration)
            self._browser.redirect(
                req,
                resp,
                "/login",
                "You were successfully registered and can login now",
            )
        else:
            self._add(json_body(req, Registration))
            resp.status = falcon.HTTP_204

    def _add(self, registration: Registration) -> None:
        if is_reserved(registration.username):
            raise InvalidInput(f'The username "{registration.username}" is reserved')
        self._users.add(registration)


class Login:
    """The beginning of a session."""

    form_page = "/login"

    def __init__(self, users: Users, sessions: Sessions, browser: Browser) -> None:
        self._users = users
        self._sessions = sessions
        self._browser = browser

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Sign a browser in."""
        typed = form(req)
        account = self._users.sign_in(
            typed.get("username", ""), typed.get("password", "")
        )
        self._sessions.sign_in(req, resp, account)
        self._browser.redirect(req, resp, "/", "You were logged in")


class Logout:
    """The end of a session; GET is kept for old links."""

    def __init__(self, sessions: Sessions, browser: Browser) -> None:
        self._sessions = sessions
        self._browser = browser

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Sign a browser out."""
        self._sessions.sign_out(resp)
        self._browser.redirect(req, resp, "/public", "You were logged out")

    on_post = on_get


def routes(services: Services) -> Mapping[str, object]:
    """Say which paths this function answers."""
    users, sessions, browser = (
        services.store.users,
        services.sessions,
        services.browser,
    )
    return {
        "/register": Accounts(users, browser),
        "/login": Login(users, sessions, browser),
        "/logout": Logout(sessions, browser),
    }
