"""The pages of an account: its sessions and password, and the form of a reset link."""

import falcon

from functions.timeline.pages import Pages
from minitwit.accounts.password_resets import PasswordResets
from minitwit.accounts.sessions import Sessions
from minitwit.web.browser_auth import BrowserAuth
from minitwit.web.browser_responses import SignInFirst
from minitwit.web.signed_cookies import SignedCookies


class AccountPage:
    """The page on which signed-in users look after their accounts."""

    def __init__(
        self,
        sessions: Sessions,
        cookies: SignedCookies,
        auth: BrowserAuth,
        pages: Pages,
    ) -> None:
        self._sessions = sessions
        self._cookies = cookies
        self._auth = auth
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show the page; signing in first leads back to it."""
        reader = self._auth.reader(req, resp)
        if reader.account is None:
            raise SignInFirst("/account")
        claim = self._cookies.session(req)
        sessions = self._sessions.all_of(reader.account.id, self._cookies.session_days)
        self._pages.render(
            req,
            resp,
            "account.html",
            reader,
            sessions=sessions,
            this_session=claim.id if claim else None,
        )


class ResetPage:
    """The form of a link that an operator hands out to set a new password."""

    def __init__(self, resets: PasswordResets, auth: BrowserAuth, pages: Pages) -> None:
        self._resets = resets
        self._auth = auth
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show the form, or that the link is used or expired."""
        token = req.get_param("token") or ""
        owner = self._resets.account(token)
        if owner is None:
            resp.status = falcon.HTTP_NOT_FOUND
        reader = self._auth.reader(req, resp)
        self._pages.render(
            req, resp, "reset_password.html", reader, owner=owner, token=token
        )
