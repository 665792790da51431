"""timeline: the pages, and the description of the API.

The only function that renders HTML. The edge sends it every path that no other
function claims, so an unknown address is a page as well.
"""

from collections.abc import Mapping

import falcon

from functions.timeline.assets import Assets
from functions.timeline.openapi import Description
from functions.timeline.pages import Pages
from minitwit.messages import Messages
from minitwit.models import Account
from minitwit.runtime.app import Services
from minitwit.runtime.browser import Browser
from minitwit.runtime.requests import cursor
from minitwit.runtime.rim import ErrorPage
from minitwit.runtime.sessions import Sessions
from minitwit.store import Store


class OwnTimeline:
    """What the signed-in user and those they follow write."""

    def __init__(self, messages: Messages, sessions: Sessions, pages: Pages) -> None:
        self._messages = messages
        self._sessions = sessions
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show a page of it; who is not signed in sees the public timeline."""
        account = self._sessions.account(req)
        if account is None:
            resp.status = falcon.HTTP_SEE_OTHER
            resp.location = "/public"
            return
        posts = self._messages.own_timeline(account.id, cursor(req))
        self._pages.render(req, resp, "own.html", posts=posts)


class PublicTimeline:
    """What everybody writes."""

    def __init__(self, messages: Messages, pages: Pages) -> None:
        self._messages = messages
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show a page of it."""
        posts = self._messages.public_timeline(cursor(req))
        self._pages.render(req, resp, "public.html", posts=posts)


class UserTimeline:
    """What one user writes."""

    def __init__(self, store: Store, sessions: Sessions, pages: Pages) -> None:
        self._store = store
        self._sessions = sessions
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, username: str) -> None:
        """Show a page of it."""
        author = self._store.users.find(username)
        posts = self._store.messages.user_timeline(author.id, username, cursor(req))
        self._pages.render(
            req,
            resp,
            "user.html",
            author=author,
            posts=posts,
            is_followed=self._is_followed(self._sessions.account(req), author),
        )

    def _is_followed(self, reader: Account | None, author: Account) -> bool:
        if reader is None or reader.id == author.id:
            return False
        return self._store.follows.exists(reader.id, author.id)


class FormPage:
    """A form for somebody who is not signed in yet."""

    def __init__(
        self, template: str, sessions: Sessions, browser: Browser, pages: Pages
    ) -> None:
        self._template = template
        self._sessions = sessions
        self._browser = browser
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show the form; who is signed in has no use for it."""
        if self._sessions.account(req):
            self._browser.redirect(req, resp, "/")
        else:
            self._pages.render(req, resp, self._template)


def routes(services: Services) -> Mapping[str, object]:
    """Say which paths this function answers."""
    store, sessions, browser = services.store, services.sessions, services.browser
    pages = Pages(sessions, Assets())
    return {
        "/": OwnTimeline(store.messages, sessions, pages),
        "/public": PublicTimeline(store.messages, pages),
        "/register": FormPage("register.html", sessions, browser, pages),
        "/login": FormPage("login.html", sessions, browser, pages),
        "/{username}": UserTimeline(store, sessions, pages),
        "/static/{file}": Assets(),
        "/openapi.json": Description(),
    }


def error_page(services: Services) -> ErrorPage:
    """Say how this function shows what went wrong."""
    return Pages(services.sessions, Assets()).render_error
