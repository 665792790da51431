"""Cookies: their attributes, and one name for each of http and https.

A browser never lets a page over http replace a Secure cookie. So over https a cookie
is called `__Host-NAME`, which browsers accept from this host over https alone (RFC
6265bis, section 4.1.3.2), and over http just NAME; signing in works over either.
"""

from datetime import UTC, datetime

import falcon

_PREFIX = "__Host-"
_HEAD = "HEAD"
_PAST = datetime(1970, 1, 1, tzinfo=UTC)


def cookie_values(req: falcon.Request, name: str) -> list[str]:
    """Return every value that a request sends for a cookie, the most trusted first.

    There may be several: a page of another host or path of the domain can add its own.
    """
    if "HTTP_COOKIE" not in req.env:  # As in every request of the simulator.
        return []
    plain = req.get_cookie_values(name) or []
    if not _is_https(req):
        return plain
    return [*(req.get_cookie_values(_PREFIX + name) or ()), *plain]


def set_cookie(
    req: falcon.Request, resp: falcon.Response, name: str, value: str, max_age: int
) -> None:
    """Set a cookie for so many seconds, hidden from scripts and other sites' forms.

    A HEAD changes nothing, neither here nor in the browser.
    """
    if req.method == _HEAD:
        return
    is_secure = _is_https(req)
    _set(resp, _PREFIX + name if is_secure else name, value, max_age, is_secure)


def delete_cookie(req: falcon.Request, resp: falcon.Response, name: str) -> None:
    """Delete a cookie under each name that the request may have sent, but for HEAD."""
    if req.method == _HEAD:
        return
    is_secure = _is_https(req)
    for sent in (name, _PREFIX + name) if is_secure else (name,):
        _set(resp, sent, "", 0, is_secure)


def _set(
    resp: falcon.Response, name: str, value: str, max_age: int, is_secure: bool
) -> None:
    resp.set_cookie(
        name,
        value,
        max_age=max_age,
        # Falcon drops a max_age of 0.
        expires=None if max_age else _PAST,
        path="/",
        secure=is_secure,
        http_only=True,
        same_site="Lax",
    )


def _is_https(req: falcon.Request) -> bool:
    # Traefik replaces this header whatever the client sent. Forwarded, which Falcon's
    # `forwarded_scheme` believes first, passes through Traefik as it came.
    return (req.env.get("HTTP_X_FORWARDED_PROTO") or req.scheme) == "https"
