"""messages: posting, reading as JSON, and the simulator's progress mark.

/msgs and /msgs/{username} are the simulator's, /latest anybody's; POST /add_message
is the form on a browser's own page.
"""

from collections.abc import Mapping

import falcon
import orjson

from minitwit.latest import LatestMark
from minitwit.messages import Messages
from minitwit.models import NewMessage
from minitwit.runtime.app import Services
from minitwit.runtime.browser import Browser
from minitwit.runtime.requests import (
    form_model,
    json_body,
    limit,
    unknown_user_first,
)
from minitwit.users import Users


class AllMessages:
    """Everybody's messages."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """List the newest."""
        resp.data = self._messages.recent_json(limit(req)).encode()


class MessagesOfUser:
    """One user's messages."""

    def __init__(self, messages: Messages, users: Users) -> None:
        self._messages = messages
        self._users = users

    def on_get(self, req: falcon.Request, resp: falcon.Response, username: str) -> None:
        """List the newest."""
        resp.data = self._messages.recent_json_of(username, limit(req)).encode()

    def on_post(
        self, req: falcon.Request, resp: falcon.Response, username: str
    ) -> None:
        """Post a message in the user's name."""
        with unknown_user_first(self._users, username):
            message = json_body(req, NewMessage)
        self._messages.add(username, message.content)
        resp.status = falcon.HTTP_204


class MessageForm:
    """The form on the signed-in user's page."""

    form_page = "/"

    def __init__(self, messages: Messages, browser: Browser) -> None:
        self._messages = messages
        self._browser = browser

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Post a message in the signed-in user's name."""
        account = self._browser.account(req)
        message = form_model(req, NewMessage, {"text": "content"})
        self._messages.add(account.username, message.content)
        self._browser.redirect(req, resp, "/", "Your message was recorded")


class Latest:
    """How far the simulator has come."""

    def __init__(self, latest: LatestMark) -> None:
        self._latest = latest

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Say the number of its last request."""
        resp.data = orjson.dumps({"latest": self._latest.value()})


def routes(services: Services) -> Mapping[str, object]:
    """Say which paths this function answers."""
    store = services.store
    return {
        "/msgs": AllMessages(store.messages),
        "/msgs/{username}": MessagesOfUser(store.messages, store.users),
        "/latest": Latest(store.latest),
        "/add_message": MessageForm(store.messages, services.browser),
    }
