"""Content negotiation: whether the body is a form, and the response JSON or HTML."""

import falcon

from minitwit.web.address_limits import LIMITS
from minitwit.web.routes import API_PREFIX, ROUTES, served_paths

_HTML = "text/html"  # falcon.MEDIA_HTML has a charset as well.

# Characters of a header that are parsed. Browsers send less than two hundred; Falcon's
# time grows by the square of what is quoted.
_PARSED = 1_000

_API_TEMPLATES = frozenset(
    path for route in ROUTES if route.caller == "api" for path in served_paths(route)
)
# POST /register takes JSON from the simulator and a form from browsers.
_SHARED_TEMPLATES = frozenset(
    route.path
    for route in ROUTES
    if route.caller == "browser" and route.path in _API_TEMPLATES
)
# Traefik asks for these with the headers of the request that it refused.
_THROTTLED = frozenset(limit.page for limit in LIMITS)


def media_type(req: falcon.Request) -> tuple[str, str]:
    """Return the media type of the body and its charset, both in lower case.

    Either is empty when Content-Type does not name it.
    """
    kind, parameters = falcon.parse_header((req.content_type or "")[:_PARSED])
    return kind.lower(), parameters.get("charset", "").lower()


def sends_form(req: falcon.Request) -> bool:
    """Return whether the body is a browser's form."""
    return media_type(req)[0] == falcon.MEDIA_URLENCODED


def asks_for_html(req: falcon.Request) -> bool:
    """Return whether Accept names HTML, as a browser's does for a page."""
    return _HTML in _accepted(req)


def expects_json(req: falcon.Request) -> bool:
    """Return whether the response, error responses included, has to be JSON."""
    template = req.uri_template
    if template in _THROTTLED:
        return not (sends_form(req) or asks_for_html(req))
    if template in _SHARED_TEMPLATES:
        return req.method == "POST" and not sends_form(req)
    if template:
        return template in _API_TEMPLATES
    if req.path.startswith(f"{API_PREFIX}/"):
        return True
    accepted = _accepted(req)
    return falcon.MEDIA_JSON in accepted and _HTML not in accepted


def _accepted(req: falcon.Request) -> set[str]:
    """Return the media types that Accept names, without those of quality 0."""
    accept = (req.get_header("Accept") or "")[:_PARSED]
    named = map(falcon.parse_header, accept.split(","))
    return {kind.lower() for kind, parameters in named if _quality(parameters) != 0}


def _quality(parameters: dict[str, str]) -> float:
    try:
        return float(parameters.get("q", "1"))
    except ValueError:
        return 1.0
