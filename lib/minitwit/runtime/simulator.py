"""What every request of the simulator carries: its credentials and `latest`."""

import base64
import hmac
from typing import Any

import falcon

from minitwit.latest import LatestMark
from minitwit.runtime.errors import NotAuthorized
from minitwit.runtime.requests import integer
from minitwit.runtime.routes import ROUTES, allowed_methods, served_paths

# By method as well: a wrong method is a 405, whoever sends it.
_PROTECTED = frozenset(
    (method, path)
    for route in ROUTES
    if route.credentials
    for path in served_paths(route)
    for method in allowed_methods(path)
)
_MARKING = _PROTECTED | {("POST", "/register"), ("POST", "/api/register")}

# What a PostgreSQL sequence can hold.
_MARKS = range(-(2**63), 2**63)


class SimulatorMiddleware:
    """Checks the credentials, then records `latest`, before anything else is read.

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
                self._latest.record(mark)
        elif asked in _PROTECTED:
            raise NotAuthorized
