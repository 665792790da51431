"""messages: posting, deleting, hiding, JSON, and the simulator's progress mark.

/msgs and /msgs/{username} serve the simulator, and /latest any caller. /add_message is
the form on the account's own timeline, /delete_message the button beside a message of
the account's own; those of moderation.py report messages and are for moderators.
"""

import logging
from collections.abc import Mapping

import falcon
import orjson

from functions.messages.moderation import (
    DismissButton,
    ModeratorButton,
    ReportButton,
    SuspensionButton,
)
from minitwit.latest import ProgressMark
from minitwit.messages import Messages
from minitwit.models import NewMessage
from minitwit.text.links import mention_candidates
from minitwit.users import Users
from minitwit.web.app import Services
from minitwit.web.browser_responses import (
    BrowserResponses,
    previous_page,
    user_path,
)
from minitwit.web.request_data import (
    form,
    form_model,
    json_body,
    limit,
    message_id,
    unknown_user_first,
)
from minitwit.web.security_log import SecurityEvent
from minitwit.web.simulator_auth import mark_of

_log = logging.getLogger(__name__)


class AllMessages:
    """The messages of all users."""

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
        """Post a message of the user."""
        with unknown_user_first(self._users, username):
            message = json_body(req, NewMessage)
        self._messages.add(username, message.content, mark_of(req))
        resp.status = falcon.HTTP_204


class MessageForm:
    """The form on the account's own timeline."""

    def __init__(self, messages: Messages, browser: BrowserResponses) -> None:
        self._messages = messages
        self._browser = browser

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Post a message of the signed-in user, once for each form with a token."""
        author = self._browser.author(req, resp).username
        with self._browser.form_at(req, resp, "/"):
            content = form_model(req, NewMessage, {"text": "content"}).content
            if form_token := form(req).get("form_token"):
                self._messages.add_once(author, content, form_token)
            else:
                self._messages.add(author, content)
            self._browser.redirect(req, resp, "/", "Your message was recorded")


class DeleteButton:
    """The button that deletes a message of the account's own."""

    def __init__(self, messages: Messages, browser: BrowserResponses) -> None:
        self._messages = messages
        self._browser = browser

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Delete the message and redirect to the page before, if that still exists."""
        page = previous_page(req)
        account = self._browser.account(req, next_page=page or "/")
        number = message_id(req)
        self._messages.delete(account.id, number)
        _log.info("%s deleted message %d", account.username, number)
        if page is None or _is_permalink(page, account.username, number):
            page = user_path(account.username)
        self._browser.redirect(req, resp, page, "Your message was deleted")


class Latest:
    """The simulator's progress mark."""

    def __init__(self, latest: ProgressMark) -> None:
        self._latest = latest

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Return the number of its last request."""
        resp.data = orjson.dumps({"latest": self._latest.value()})


def _is_permalink(page: str, username: str, number: int) -> bool:
    path = falcon.uri.decode(page.partition("?")[0], unquote_plus=False)
    return path.rstrip("/") == f"/{username}/{number}"


def routes(services: Services) -> Mapping[str, object]:
    """Return the resource of each path."""
    store, browser = services.store, services.browser
    suspensions = store.suspensions
    # Compile the patterns now: the first message with an @ would wait for it.
    mention_candidates("@a")
    return {
        "/msgs": AllMessages(store.messages),
        "/msgs/{username}": MessagesOfUser(store.messages, store.users),
        "/latest": Latest(store.latest),
        "/add_message": MessageForm(store.messages, browser),
        "/delete_message": DeleteButton(store.messages, browser),
        "/report_message": ReportButton(store.reports, browser),
        "/hide_message": ModeratorButton(
            True,
            SecurityEvent.MESSAGE_HIDDEN,
            "The message is hidden",
            store.moderation,
            browser,
        ),
        "/restore_message": ModeratorButton(
            False,
            SecurityEvent.MESSAGE_RESTORED,
            "The message is shown again",
            store.moderation,
            browser,
        ),
        "/dismiss_reports": DismissButton(store.reports, browser),
        "/suspend_user": SuspensionButton(
            suspensions.suspend,
            SecurityEvent.SUSPENDED,
            '"{}" is suspended',
            suspensions,
            browser,
        ),
        "/unsuspend_user": SuspensionButton(
            suspensions.lift,
            SecurityEvent.SUSPENSION_LIFTED,
            '"{}" is not suspended any more',
            suspensions,
            browser,
        ),
    }
