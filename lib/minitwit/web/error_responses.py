"""Maps exceptions to HTTP responses."""

import logging
from typing import Any

import falcon
import orjson

from minitwit.accounts.sign_in_throttle import REFILL_SECONDS
from minitwit.errors import (
    AccountSuspended,
    InvalidInput,
    JustDeleted,
    MiniTwitError,
    ModeratorProtected,
    NotAuthor,
    NotModerator,
    StorageUnavailable,
    TooManyAttempts,
    UnknownMessage,
    UnknownUser,
)
from minitwit.models import Account
from minitwit.telemetry import error_reports
from minitwit.telemetry.logs import chain
from minitwit.web.content_negotiation import expects_json
from minitwit.web.html_responses import send_error_page
from minitwit.web.request_errors import (
    BodyTooLarge,
    CrossSite,
    NotAuthorized,
    UnsupportedBody,
)
from minitwit.web.routes import allowed_methods
from minitwit.web.security_log import SecurityEvent, record
from minitwit.web.signed_cookies import SignedCookies

_log = logging.getLogger(__name__)

# A subclass has the status of its nearest base class here.
STATUSES: dict[type[MiniTwitError], int] = {
    InvalidInput: 400,
    NotAuthorized: 403,
    CrossSite: 403,
    NotAuthor: 403,
    AccountSuspended: 403,
    NotModerator: 403,
    ModeratorProtected: 403,
    UnknownUser: 404,
    UnknownMessage: 404,
    JustDeleted: 404,
    BodyTooLarge: 413,
    UnsupportedBody: 415,
    TooManyAttempts: 429,
    StorageUnavailable: 503,
}

_MESSAGES = {
    404: "There is nothing at this address.",
    405: "This address does not take the method {method}.",
    503: (
        "This part of MiniTwit is temporarily unavailable; try again in a few seconds."
    ),
}

# Seconds: until a throttle has a token again, for any account or address; enough to
# restart a database, and too short for a caller to give up.
RETRY_AFTER = {429: str(REFILL_SECONDS), 503: "2"}


class ErrorResponses:
    """Error handlers that answer every exception as JSON or as a page.

    Args:
        cookies: name the account in the error page's header; whether the session has
            ended since is not asked, as the database may be what failed.

    """

    def __init__(self, cookies: SignedCookies) -> None:
        self._cookies = cookies

    def install(self, app: falcon.App[Any, Any]) -> None:
        """Register the handlers with an app."""
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
            _log.warning("storage unavailable: %s", _reason(error))
        if status == 403:
            self._record_refusal(req, error)
        self._answer(req, resp, status, str(error))

    def _record_refusal(self, req: falcon.Request, error: Exception) -> None:
        claim = self._cookies.session(req)
        account = Account(claim.user_id, claim.username) if claim else None
        route = f"{req.method} {req.uri_template}"
        refused = SecurityEvent.ACCESS_REFUSED
        record(refused, req, account, reason=type(error).__name__, route=route)

    def _http_error(
        self, req: falcon.Request, resp: falcon.Response, error: Exception, _params: Any
    ) -> None:
        assert isinstance(error, falcon.HTTPError)  # noqa: S101
        status = _status_of(req, error)
        message = _MESSAGES.get(status, "").format(method=req.method)
        self._answer(req, resp, status, message or error.description or error.title)
        if status == 405 and req.uri_template:
            # Falcon knows the methods of this function only.
            resp.set_header("Allow", ", ".join(allowed_methods(req.uri_template)))

    def _unexpected(
        self, req: falcon.Request, resp: falcon.Response, error: Exception, _params: Any
    ) -> None:
        _log.error("unexpected error", exc_info=error)
        error_reports.capture(error, req.uri_template)
        self._answer(req, resp, 500, "Something went wrong here; it was reported.")

    def _answer(
        self, req: falcon.Request, resp: falcon.Response, status: int, message: str
    ) -> None:
        resp.status = status
        if status in RETRY_AFTER:
            resp.set_header("Retry-After", RETRY_AFTER[status])
        if expects_json(req):
            resp.content_type = falcon.MEDIA_JSON
            resp.data = orjson.dumps({"status": status, "error_msg": message})
        else:
            claim = self._cookies.session(req)
            username = claim.username if claim else None
            send_error_page(resp, status, message, username)


def _status_of(req: falcon.Request, error: falcon.HTTPError) -> int:
    template = req.uri_template
    if template and req.method not in falcon.constants.COMBINED_METHODS:
        return 405  # Falcon answers 400 to a method that it does not know.
    if error.status_code == 405 and req.method in allowed_methods(template or ""):
        return 503  # The function that serves this method has no replica.
    return error.status_code


def _reason(error: Exception) -> BaseException:
    """Return what made the storage unavailable, if it was reported."""
    reasons = (e for e in chain(error) if not isinstance(e, StorageUnavailable))
    return next(reasons, error)
