"""Post/Redirect/Get: answers browsers' forms by redirects with flash messages."""

from collections.abc import Iterator
from contextlib import contextmanager

import falcon

from minitwit.errors import InvalidInput
from minitwit.models import Account
from minitwit.web.browser_auth import BrowserAuth
from minitwit.web.request_data import form, is_local_path, path_of_own_url
from minitwit.web.signed_cookies import Flash, SignedCookies

_SECRET = ("password", "token")  # Fields that are never kept.


class SignInFirst(falcon.HTTPSeeOther):
    """Redirects to the sign-in page, which leads on to a page afterwards.

    Args:
        next_page: encoded path of that page; by default the account's own timeline.

    """

    def __init__(self, next_page: str = "/") -> None:
        super().__init__(sign_in_path(next_page))


class BrowserResponses:
    """Redirects browsers, with a flash message for the next page.

    Args:
        cookies: the signed cookies.
        auth: tells who is signed in.

    """

    def __init__(self, cookies: SignedCookies, auth: BrowserAuth) -> None:
        self._cookies = cookies
        self._auth = auth

    def account(self, req: falcon.Request, next_page: str = "/") -> Account:
        """Return the account that is signed in.

        Raises:
            SignInFirst: none is; signing in leads on to the next page.

        """
        account = self._auth.account(req)
        if account is None:
            raise SignInFirst(next_page)
        return account

    def author(self, req: falcon.Request, resp: falcon.Response) -> Account:
        """Return the account that posts the message form.

        Raises:
            SignInFirst: none is signed in; the typed text is kept until then.

        """
        account = self._auth.account(req)
        if account is None:
            self._cookies.keep_draft(req, resp, form(req).get("text", ""))
            flash = Flash("Sign in again to share your message", is_error=True)
            self._cookies.flash(req, resp, flash)
            raise SignInFirst
        return account

    def redirect(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        path: str,
        text: str | None = None,
        typed: dict[str, str] | None = None,
    ) -> None:
        """Redirect to an encoded path.

        Args:
            req: the request.
            resp: the response.
            path: of the next page.
            text: the flash message, if any.
            typed: fills in fields of that page's form.

        """
        resp.status = falcon.HTTP_SEE_OTHER
        resp.location = path
        if text:
            self._cookies.flash(req, resp, Flash(text, form=typed or {}))

    @contextmanager
    def form_at(
        self, req: falcon.Request, resp: falcon.Response, page: str
    ) -> Iterator[None]:
        """Redirect to a form's page when its input is invalid.

        The page shows the reason and what was typed, except for secrets. As a page may
        have several forms, it also learns the `action` of the one that was refused.
        """
        try:
            yield
        except InvalidInput as error:
            self.redirect(req, resp, page)
            typed = {
                name: value
                for name, value in form(req).items()
                if not any(secret in name for secret in _SECRET)
            }
            typed["action"] = req.path
            flash = Flash(str(error), True, typed, error.field)
            self._cookies.flash(req, resp, flash)


def previous_page(req: falcon.Request) -> str | None:
    """Return the path of the page of this site that links here, as Referer names it."""
    path = path_of_own_url(req, req.get_header("Referer") or "")
    return path if path and is_local_path(path) else None


def next_page(req: falcon.Request, default: str = "/") -> str:
    """Return the page of this site that `next` names.

    By default it is the account's own timeline.
    """
    path = req.get_param("next") or default
    return path if is_local_path(path) else default


def user_path(username: str) -> str:
    """Return the encoded path of a user's page."""
    return "/" + falcon.uri.encode_value(username)


def reset_path(token: str) -> str:
    """Return the path of the page on which a token's owner sets a new password."""
    return "/reset_password?token=" + falcon.uri.encode_value(token)


def sign_in_path(next_page: str) -> str:
    """Return the path of the sign-in page that leads on to a page of this site."""
    if next_page == "/" or not is_local_path(next_page):
        return "/login"
    return "/login?next=" + falcon.uri.encode_value(next_page)
