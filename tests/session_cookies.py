"""The session cookies that MiniTwit sets, without a request that signs in."""

from uuid import UUID

import falcon
from falcon import testing

from minitwit.models import Account
from minitwit.web.signed_cookies import SignedCookies

ADA = Account(7, "Ada Lovelace")
SESSION = UUID(int=0xADA)


def cookie(resp: falcon.Response, name: str) -> str:
    """Return the value of a cookie that a response sets."""
    headers = [value for key, value in resp._wsgi_headers() if key == "set-cookie"]
    return next(
        header.split(";")[0].partition("=")[2]
        for header in headers
        if header.startswith(f"{name}=")
    )


def signed_in(cookies: SignedCookies) -> str:
    """Return the value of a session cookie of Ada."""
    resp = falcon.Response()
    cookies.set_session(testing.create_req(), resp, ADA, SESSION)
    return cookie(resp, "session")
