"""Buttons of moderation: readers report, moderators hide, dismiss and suspend."""

from collections.abc import Callable

import falcon

from minitwit.moderation.moderation import Moderation
from minitwit.moderation.reports import Reports
from minitwit.moderation.suspensions import Suspensions
from minitwit.web.bidi import isolated
from minitwit.web.browser_responses import (
    BrowserResponses,
    previous_page,
    user_path,
)
from minitwit.web.request_data import form, message_id
from minitwit.web.security_log import SecurityEvent, record

# Enough to hide what anybody sees of an account; more would keep a moderator waiting.
_HIDING_SECONDS = 2


class ReportButton:
    """The button that reports a message to the moderators."""

    def __init__(self, reports: Reports, browser: BrowserResponses) -> None:
        self._reports = reports
        self._browser = browser

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Report the message and redirect to its place on the page before."""
        page = previous_page(req) or "/public"
        account = self._browser.account(req, next_page=page)
        number = message_id(req)
        self._reports.add(account.id, number)
        record(SecurityEvent.MESSAGE_REPORTED, req, account, message_id=number)
        sentence = "The message was reported to the moderators"
        self._browser.redirect(req, resp, f"{page}#m{number}", sentence)


class ModeratorButton:
    """The button that hides or restores a message.

    Args:
        hides: whether it hides or restores.
        event: for the security log.
        sentence: the flash message.
        moderation: hides and restores messages.
        browser: redirects browsers.

    """

    def __init__(
        self,
        hides: bool,
        event: SecurityEvent,
        sentence: str,
        moderation: Moderation,
        browser: BrowserResponses,
    ) -> None:
        self._hides = hides
        self._event = event
        self._sentence = sentence
        self._moderation = moderation
        self._browser = browser

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Change the message and redirect to its place on the page before."""
        page = previous_page(req)
        account = self._browser.account(req, next_page=page or "/")
        number = message_id(req)
        author = self._moderation.set_hidden_as(account.id, number, self._hides)
        record(self._event, req, account, message_id=number, target=author)
        place = f"{page or user_path(author)}#m{number}"
        self._browser.redirect(req, resp, place, self._sentence)


class DismissButton:
    """The button that closes the reports of a message, which stays as it is."""

    def __init__(self, reports: Reports, browser: BrowserResponses) -> None:
        self._reports = reports
        self._browser = browser

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Close the reports and redirect to the queue."""
        page = previous_page(req) or "/reports"
        account = self._browser.account(req, next_page=page)
        number = message_id(req)
        self._reports.dismiss(account.id, number)
        record(SecurityEvent.REPORT_DISMISSED, req, account, message_id=number)
        self._browser.redirect(req, resp, page, "The reports are dismissed")


class SuspensionButton:
    """The button that suspends an account, or lifts its suspension.

    Args:
        change: takes the name of the account and the id of the moderator.
        event: for the security log.
        sentence: the flash message, with a place for the name.
        suspensions: runs the job that has begun.
        browser: redirects browsers.

    """

    def __init__(
        self,
        change: Callable[[str, int], None],
        event: SecurityEvent,
        sentence: str,
        suspensions: Suspensions,
        browser: BrowserResponses,
    ) -> None:
        self._change = change
        self._event = event
        self._sentence = sentence
        self._suspensions = suspensions
        self._browser = browser

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Change the account and redirect to the page before."""
        page = previous_page(req)
        moderator = self._browser.account(req, next_page=page or "/reports")
        username = form(req).get("username", "")
        self._change(username, moderator.id)
        record(self._event, req, moderator, target=username)
        sentence = self._sentence.format(isolated(username))
        self._suspensions.run_jobs(_HIDING_SECONDS)
        self._browser.redirect(req, resp, page or user_path(username), sentence)
