"""messages: posting, reading as JSON, and the simulator's progress mark.

/msgs and /msgs/{username} are the simulator's, /latest anybody's; POST /add_message
is the form on a browser's own page, POST /hide_message and /restore_message are a
moderator's buttons on every page.
"""

import logging
from collections.abc import Mapping

import falcon
import orjson

from minitwit.errors import UnknownMessage
from minitwit.latest import LatestMark
from minitwit.messages import Messages
from minitwit.models import NewMessage
from minitwit.users import Users
from minitwit.web.app import Services
from minitwit.web.browser_responses import Browser, page_before, user_path
from minitwit.web.request_data import (
    form,
    form_model,
    integer,
    json_body,
    limit,
    unknown_user_first,
)
from minitwit.web.simulator_auth import carried_mark

_log = logging.getLogger(__name__)


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
        self._messages.add(username, message.content, carried_mark(req))
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


class ModeratorButton:
    """What a moderator's button on a message does.

    Args:
        hides: whether the message is hidden or restored.
        sentence: tells the moderator what was done.
        messages: that may be hidden.
        browser: that pressed the button.

    """

    def __init__(
        self, hides: bool, sentence: str, messages: Messages, browser: Browser
    ) -> None:
        self._hides = hides
        self._sentence = sentence
        self._messages = messages
        self._browser = browser

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Press the button; who is no moderator at this moment may not."""
        account = self._browser.account(req)
        message_id = integer(form(req).get("id"))
        if message_id is None:
            raise UnknownMessage
        author = self._messages.set_hidden_as(account.id, message_id, self._hides)
        _log.info("%s message %d: %s", account.username, message_id, self._sentence)
        page = page_before(req) or user_path(author)
        self._browser.redirect(req, resp, page, self._sentence)


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
        "/hide_message": ModeratorButton(
            True, "The message is hidden", store.messages, services.browser
        ),
        "/restore_message": ModeratorButton(
            False, "The message is shown again", store.messages, services.browser
        ),
    }
