"""Who may be answered by the standby: everybody but the person who has just written."""

from typing import Any

import falcon

from minitwit.postgres.standby import MAX_LAG, allow_late_reads

_COOKIE = "wrote"

# A standby in use is behind by less than half of it, so that the person's own writes
# are there when the cookie is gone; the other half is for clocks and slow answers.
_SECONDS = 2 * int(MAX_LAG) + 3


class ReadYourWrites:
    """Marks whoever writes with a short-lived cookie; their reads go to the primary."""

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        """Decide where this request may read."""
        only_looks = req.method in ("GET", "HEAD")
        allow_late_reads(only_looks and _COOKIE not in req.cookies)

    def process_response(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        _resource: Any,
        _succeeded: bool,
    ) -> None:
        """Remember that something was written: 204 for programs, 303 for browsers."""
        if resp.status_code in (204, 303):
            resp.set_cookie(
                _COOKIE,
                "1",
                max_age=_SECONDS,
                path="/",
                secure=req.forwarded_scheme == "https",
                http_only=True,
                same_site="Lax",
            )
