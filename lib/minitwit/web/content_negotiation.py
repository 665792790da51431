"""Which language a caller speaks: JSON, or pages and forms."""

import falcon

from minitwit.web.routes import API_PREFIX, ROUTES, served_paths

_API_TEMPLATES = frozenset(
    path for route in ROUTES if route.caller == "api" for path in served_paths(route)
)
# POST /register is the simulator's with a JSON body and the browser's with a form.
_SHARED_TEMPLATES = frozenset(
    route.path
    for route in ROUTES
    if route.caller == "browser" and route.path in _API_TEMPLATES
)


def sends_form(req: falcon.Request) -> bool:
    """Say whether the body is a browser's form."""
    return (req.content_type or "").startswith(falcon.MEDIA_URLENCODED)


def speaks_json(req: falcon.Request) -> bool:
    """Say whether the answer has to be JSON."""
    template = req.uri_template
    if template in _SHARED_TEMPLATES:
        return req.method == "POST" and not sends_form(req)
    if template:
        return template in _API_TEMPLATES
    if req.path.startswith(f"{API_PREFIX}/"):
        return True
    accept = req.get_header("Accept") or ""
    return falcon.MEDIA_JSON in accept and falcon.MEDIA_HTML not in accept
