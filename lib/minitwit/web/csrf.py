"""CSRF protection by Sec-Fetch-Site, Origin and Referer.

Browsers send the site that a request comes from in Sec-Fetch-Site
(https://www.w3.org/TR/fetch-metadata/), but only over https and to localhost; otherwise
in Origin, and in Referer for a link. A client that sends none of them is not a browser
and is let through.
"""

from typing import Any

import falcon

from minitwit.web.request_data import path_of_own_url
from minitwit.web.request_errors import CrossSite
from minitwit.web.routes import ROUTES, served_paths

_OWN = ("same-origin", "none")  # "none": typed, or opened from a bookmark.

_CHANGED_BY_GET = frozenset(
    path for route in ROUTES if route.get_changes for path in served_paths(route)
)


class CsrfProtection:
    """Middleware that refuses requests of other sites that would change something."""

    def process_resource(
        self,
        req: falcon.Request,
        _resp: falcon.Response,
        _resource: object,
        _params: dict[str, Any],
    ) -> None:
        """Refuse a cross-site request unless it only reads.

        Raises:
            CrossSite: the request was sent by another site's page.

        """
        is_unsafe = req.method == "POST" or req.uri_template in _CHANGED_BY_GET
        if is_unsafe and _is_cross_site(req):
            raise CrossSite


def _is_cross_site(req: falcon.Request) -> bool:
    headers = req.env  # Falcon's get_header takes 0.6 µs where this takes 0.07.
    site = headers.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return site not in _OWN
    source = headers.get("HTTP_ORIGIN")
    if source is None:
        source = headers.get("HTTP_REFERER") or None
    return source is not None and path_of_own_url(req, source) is None
