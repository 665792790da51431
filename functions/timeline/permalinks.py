"""Permalinks: each message has a page of its own."""

from secrets import token_urlsafe

import falcon

from functions.timeline.pages import Pages
from minitwit.errors import UnknownMessage
from minitwit.messages import Messages
from minitwit.web.browser_auth import BrowserAuth


class Permalink:
    """One message, and the form to reply to it."""

    def __init__(self, messages: Messages, auth: BrowserAuth, pages: Pages) -> None:
        self._messages = messages
        self._auth = auth
        self._pages = pages

    def on_get(
        self, req: falcon.Request, resp: falcon.Response, username: str, message_id: int
    ) -> None:
        """Show the message; a hidden one is there for moderators only."""
        post = self._messages.find(username, message_id)
        reader = self._auth.reader(req, resp)
        if post.is_hidden and not reader.is_moderator:
            raise UnknownMessage
        values = {"post": post, "form_token": token_urlsafe(16)}
        self._pages.render(req, resp, "permalink.html", reader, **values)
