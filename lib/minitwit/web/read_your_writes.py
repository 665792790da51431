"""Read-your-writes: after a write, a client reads from the primary for some seconds."""

from typing import Any

import falcon

from minitwit.postgres.standby import MAX_LAG, allow_late_reads
from minitwit.web.cookies import cookie_values, set_cookie

_COOKIE = "wrote"

# More than twice the lag of a standby in use (MAX_LAG, plus what passes until the next
# measurement): a margin for clocks and slow responses.
_SECONDS = 2 * int(MAX_LAG) + 3


class ReadYourWrites:
    """Middleware that marks a client that wrote with a short-lived cookie."""

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        """Allow reads from the standby to a safe request without the cookie."""
        is_safe = req.method in ("GET", "HEAD")
        allow_late_reads(is_safe and not cookie_values(req, _COOKIE))

    def process_response(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        _resource: Any,
        _succeeded: bool,
    ) -> None:
        """Set the cookie after a write: 204 for programs, 303 for browsers."""
        if resp.status_code in (204, 303):
            set_cookie(req, resp, _COOKIE, "1", _SECONDS)
