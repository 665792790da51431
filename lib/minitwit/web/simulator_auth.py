"""What every request of the simulator carries: its credentials and `latest`."""

import base64
import hmac
from typing import Any

import falcon

from minitwit.latest import LatestMark
from minitwit.web.request_data import integer
from minitwit.web.request_errors import NotAuthorized
from minitwit.web.routes import ROUTES, allowed_methods, served_paths

# By method as well: a wrong method is a 405, whoever sends it.
_PROTECTED = frozenset(
    (method, path)
    for route in ROUTES
    if route.credentials
    for path in served_paths(route)
    for method in allowed_methods(path)
)
_MARKING = _PROTECTED | frozenset(
    (method, path)
    for route in ROUTES
    if route.carries_latest
    for path in served_paths(route)
    for method in route.methods
)

# What a PostgreSQL sequence can hold.
_MARKS = range(-(2**63), 2**63)


def carried_mark(req: falcon.Request) -> int | None:
    """Return the request's mark for a statement that records it on its way.

    This saves a round trip to the database. If the statement is never reached, or
    fails, the middleware records the mark after all.
    """
    req.context.mark_is_carried = True
    mark: int | None = req.context.get("mark")
    return mark


class SimulatorMiddleware:
    """Checks the credentials before anything else is read, and records `latest`.

    Args:
        credential: "user:password" of the simulator.
        latest: where its progress is kept.

    """

    def __init__(self, credential: str, latest: LatestMark) -> None:
        encoded = base64.b64encode(credential.encode()).decode()
        self._expected = f"Basic {encoded}".encode()
        self._latest = latest

    def process_resource(
        self,
        req: falcon.Request,
        _resp: falcon.Response,
        _resource: object,
        _params: dict[str, Any],
    ) -> None:
        """Refuse who is not the simulator; the mark moves only for the simulator."""
        asked = (req.method, req.uri_template)
        if asked not in _MARKING:
            return
        sent = (req.auth or "").encode("utf-8", "replace")
        if hmac.compare_digest(sent, self._expected):
            mark = integer(req.get_param("latest"))
            if mark is not None and mark != -1 and mark in _MARKS:
                req.context.mark = mark
        elif asked in _PROTECTED:
            raise NotAuthorized

    def process_response(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        _resource: object,
        succeeded: bool,
    ) -> None:
        """Record the mark, also of a request that fails, unless that was done."""
        mark = req.context.get("mark")
        if mark is None or (succeeded and req.context.get("mark_is_carried")):
            return
        # A storage that has just been away is not made to wait for a second time.
        if falcon.http_status_to_code(resp.status) != 503:
            self._latest.record(mark)
