"""The cross-site guard: no other site changes anything in a visitor's name.

Browsers say where a request comes from, in Sec-Fetch-Site or, when older, in Origin
(https://fetch.spec.whatwg.org/#http-fetch). A client that is no browser sends
neither and is not hindered.
"""

from typing import Any

import falcon

from minitwit.web.request_errors import CrossSite
from minitwit.web.routes import ROUTES, served_paths

_OWN = ("same-origin", "none")  # "none": typed, or opened from a bookmark.

_CHANGED_BY_GET = frozenset(
    path for route in ROUTES if route.get_changes for path in served_paths(route)
)


class CsrfProtection:
    """Middleware that refuses what another site's page would change here."""

    def process_resource(
        self,
        req: falcon.Request,
        _resp: falcon.Response,
        _resource: object,
        _params: dict[str, Any],
    ) -> None:
        """Refuse a cross-site request unless it only reads."""
        changes = req.method == "POST" or req.uri_template in _CHANGED_BY_GET
        if changes and _is_cross_site(req):
            raise CrossSite


def _is_cross_site(req: falcon.Request) -> bool:
    site = req.get_header("Sec-Fetch-Site")
    if site is not None:
        return site not in _OWN
    origin = req.get_header("Origin")
    # Not parsed: it may be any text.
    return origin is not None and origin.partition("://")[2] != req.get_header("Host")
