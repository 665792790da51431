"""The queue of reported messages, for moderators."""

import falcon

from functions.timeline.pages import Pages
from minitwit.errors import NotModerator
from minitwit.moderation.reports import PAGE_SIZE, Reports
from minitwit.moderation.suspensions import Suspensions
from minitwit.web.browser_auth import BrowserAuth
from minitwit.web.browser_responses import SignInFirst
from minitwit.web.request_data import place


class ReportQueue:
    """The messages that readers have reported.

    Args:
        reports: of readers.
        suspensions: whose pending jobs go on with each page.
        auth: tells who reads.
        pages: renders the page.

    """

    def __init__(
        self,
        reports: Reports,
        suspensions: Suspensions,
        auth: BrowserAuth,
        pages: Pages,
    ) -> None:
        self._reports = reports
        self._suspensions = suspensions
        self._auth = auth
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show a page of them, newest message first."""
        reader = self._auth.reader(req, resp)
        if reader.account is None:
            raise SignInFirst(req.relative_uri)
        if not reader.is_moderator:
            raise NotModerator
        if req.method != "HEAD":
            self._suspensions.run_jobs()
        entries = self._reports.page(place(req))
        self._pages.render(
            req,
            resp,
            "reports.html",
            reader,
            entries=entries[:PAGE_SIZE],
            older=entries[PAGE_SIZE - 1].post.id if len(entries) > PAGE_SIZE else None,
        )
