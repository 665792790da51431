"""Security headers: what every response tells browsers, and what pages add."""

import falcon

# Sent by every function, so that a response has them with and without the edge.
_EVERY_RESPONSE = {
    # For what is no page: nothing in it may load or run, should a browser render it.
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

# Pages show what users wrote. Should escaping ever fail, a script or a style in the
# page still does nothing, and no other site can frame the page.
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'; object-src 'none'"
    ),
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class SecurityHeaders:
    """Middleware that adds the headers of every response."""

    def process_request(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Add the headers, to error responses as well; a page replaces the policy."""
        resp.set_headers(_EVERY_RESPONSE)
