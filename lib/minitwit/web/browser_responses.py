"""How a function that has no pages answers a browser: a redirect and a flash."""

from urllib.parse import urlsplit

import falcon

from minitwit.models import Account
from minitwit.web.request_data import form
from minitwit.web.sessions import Flash, Sessions


class SignInFirst(falcon.HTTPSeeOther):
    """Leads somebody who is not signed in to the page where one signs in."""

    def __init__(self) -> None:
        super().__init__("/login")


class Browser:
    """The browser at the other end of a request.

    Args:
        sessions: the cookies that say who it is.

    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def account(self, req: falcon.Request) -> Account:
        """Return who is signed in.

        Raises:
            SignInFirst: nobody is.

        """
        account = self._sessions.account(req)
        if account is None:
            raise SignInFirst
        return account

    def redirect(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        path: str,
        text: str | None = None,
    ) -> None:
        """Send the browser to an encoded path, with a sentence to show there."""
        resp.status = falcon.HTTP_SEE_OTHER
        resp.location = path
        if text:
            self._sessions.flash(req, resp, Flash(text))

    def send_back(
        self, req: falcon.Request, resp: falcon.Response, page: str, error: str
    ) -> None:
        """Send the browser back to a form, with the reason and what was typed."""
        self.redirect(req, resp, page)
        typed = {
            name: value
            for name, value in form(req).items()
            if not name.startswith("password")
        }
        self._sessions.flash(req, resp, Flash(error, is_error=True, form=typed))


def page_before(req: falcon.Request) -> str | None:
    """Return the path of the page of ours that the browser comes from, if it says."""
    page = urlsplit(req.referer or "")
    # Two slashes at the front would lead to another host.
    if page.netloc != req.get_header("Host") or page.path.startswith("//"):
        return None
    return page.path + (f"?{page.query}" if page.query else "")


def user_path(username: str) -> str:
    """Return the path of a user's page, with what a path cannot hold encoded."""
    return "/" + falcon.uri.encode_value(username)
