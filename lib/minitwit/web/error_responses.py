"""The rim: the one table from what went wrong to what a caller is told."""

import logging
from typing import Any

import falcon
import orjson

from minitwit.errors import (
    InvalidInput,
    InvalidPassword,
    InvalidUsername,
    MiniTwitError,
    NotModerator,
    StorageUnavailable,
    UnknownMessage,
    UnknownUser,
    UsernameTaken,
)
from minitwit.telemetry import error_reports as reports
from minitwit.web.browser_responses import Browser
from minitwit.web.content_negotiation import speaks_json
from minitwit.web.html_responses import send_error_page
from minitwit.web.request_errors import (
    BodyTooLarge,
    CrossSite,
    NotAuthorized,
    UnsupportedBody,
)
from minitwit.web.routes import allowed_methods

_log = logging.getLogger(__name__)


STATUSES: dict[type[MiniTwitError], int] = {
    InvalidInput: 400,
    UsernameTaken: 400,
    InvalidUsername: 400,
    InvalidPassword: 400,
    NotAuthorized: 403,
    CrossSite: 403,
    NotModerator: 403,
    UnknownUser: 404,
    UnknownMessage: 404,
    BodyTooLarge: 413,
    UnsupportedBody: 415,
    StorageUnavailable: 503,
}

_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not take the method {method}.",
    503: "This part of MiniTwit is away at the moment; try again in a few seconds.",
}

# Long enough for a restarted database, short enough that nobody gives up (seconds).
RETRY_AFTER = "2"


class ErrorResponses:
    """Turns every exception into an answer in the caller's language.

    Args:
        browser: sends a person back to a form.

    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    def install(self, app: falcon.App[Any, Any]) -> None:
        """Make an app answer every exception through this rim."""
        app.add_error_handler(Exception, self._unexpected)
        app.add_error_handler(falcon.HTTPError, self._http_error)
        app.add_error_handler(MiniTwitError, self._domain_error)

    def _domain_error(
        self, req: falcon.Request, resp: falcon.Response, error: Exception, _params: Any
    ) -> None:
        status = next(
            STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES
        )
        if status == 503:
            _log.warning("storage unavailable: %s", error.__cause__ or error)
        form_page = getattr(req.context.get("resource"), "form_page", None)
        if form_page and status == 400 and not speaks_json(req):
            self._browser.send_back(req, resp, form_page, str(error))
        else:
            self._answer(req, resp, status, str(error))

    def _http_error(
        self, req: falcon.Request, resp: falcon.Response, error: Exception, _params: Any
    ) -> None:
        assert isinstance(error, falcon.HTTPError)  # noqa: S101
        status = _status_of(req, error)
        sentence = _SENTENCES.get(status, "").format(method=req.method)
        self._answer(req, resp, status, sentence or error.description or error.title)
        if status == 405 and req.uri_template:
            # Falcon knows the methods of this function only.
            resp.set_header("Allow", ", ".join(allowed_methods(req.uri_template)))

    def _unexpected(
        self, req: falcon.Request, resp: falcon.Response, error: Exception, _params: Any
    ) -> None:
        _log.error("unexpected error", exc_info=error)
        reports.capture(error, req.uri_template)
        self._answer(req, resp, 500, "Something went wrong here; it was reported.")

    def _answer(
        self, req: falcon.Request, resp: falcon.Response, status: int, message: str
    ) -> None:
        resp.status = status
        if status == 503:
            resp.set_header("Retry-After", RETRY_AFTER)
        if speaks_json(req):
            resp.content_type = falcon.MEDIA_JSON
            resp.data = orjson.dumps({"status": status, "error_msg": message})
        else:
            send_error_page(resp, status, message)


def _status_of(req: falcon.Request, error: falcon.HTTPError) -> int:
    template = req.uri_template
    if template and req.method not in falcon.constants.COMBINED_METHODS:
        return 405  # Falcon says 400 to a method that it has never heard of.
    if error.status_code == 405 and req.method in allowed_methods(template or ""):
        return 503  # The function that takes it has no replica.
    return error.status_code
