"""Falcon middleware: HTTP Basic authentication of the simulator; its mark `latest`.

An authenticated request with a valid `latest` records it, even if the request fails
with anything but a 503. A write that succeeds (204) sets it in the statement that
writes, which saves a round trip: its handler passes `mark_of(req)` to the store. The
mark of every other request is recorded after its response is known.
"""

import base64
import hmac
from typing import Any

import falcon

from minitwit.latest import ProgressMark
from minitwit.web.request_data import integer
from minitwit.web.request_errors import NotAuthorized
from minitwit.web.routes import ROUTES, allowed_methods, served_paths

# By method as well, so that a wrong method is a 405 with or without credentials.
_PROTECTED = frozenset(
    (method, path)
    for route in ROUTES
    if route.credentials
    for path in served_paths(route)
    for method in allowed_methods(path)
)
_CARRIES_LATEST = _PROTECTED | frozenset(
    (method, path)
    for route in ROUTES
    if route.carries_latest
    for path in served_paths(route)
    for method in route.methods
)

_BIGINT = range(-(2**63), 2**63)  # the values of a PostgreSQL sequence


def mark_of(req: falcon.Request) -> int | None:
    """Return the valid `latest` of an authenticated request, or None."""
    mark: int | None = req.context.get("mark")
    return mark


class SimulatorAuth:
    """Middleware that authenticates the simulator and records its progress mark.

    Args:
        credential: "user:password" of the simulator.
        latest: the stored progress mark.

    """

    def __init__(self, credential: str, latest: ProgressMark) -> None:
        self._expected = base64.b64encode(credential.encode())
        self._latest = latest

    def process_resource(
        self,
        req: falcon.Request,
        _resp: falcon.Response,
        _resource: object,
        _params: dict[str, Any],
    ) -> None:
        """Check the credentials before anything else of the request is read.

        Raises:
            NotAuthorized: the credentials are wrong, or missing where they are needed.

        """
        endpoint = (req.method, req.uri_template)
        if endpoint not in _CARRIES_LATEST:
            return
        # The scheme has no case, and any number of spaces follows it (RFC 9110, 11.4).
        scheme, _, token = (req.auth or "").partition(" ")
        sent = token.strip(" ").encode("utf-8", "replace")
        is_basic = scheme.lower() == "basic"
        if is_basic and hmac.compare_digest(sent, self._expected):
            mark = integer(req.get_param("latest"))
            if mark is not None and mark != -1 and mark in _BIGINT:
                req.context.mark = mark
        elif endpoint in _PROTECTED or req.auth:
            raise NotAuthorized

    def process_response(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        _resource: object,
        _succeeded: bool,
    ) -> None:
        """Record the mark, also of a failed request, unless a statement did."""
        mark = req.context.get("mark")
        # After a 503 the caller does not wait for the storage a second time.
        if mark is not None and resp.status_code not in (204, 503):
            self._latest.record(mark)
