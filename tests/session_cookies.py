"""The session cookies that MiniTwit sets, without a request that signs in."""

import falcon
from falcon import testing

from minitwit.models import Account
from minitwit.web.sessions import Sessions

ADA = Account(7, "Ada Lovelace")


def cookie(resp: falcon.Response, name: str) -> str:
    """Return the value of a cookie that a response sets."""
    headers = [value for key, value in resp._wsgi_headers() if key == "set-cookie"]
    return next(
        header.split(";")[0].partition("=")[2]
        for header in headers
        if header.startswith(f"{name}=")
    )


def signed_in(sessions: Sessions) -> str:
    """Return the value of a session cookie of Ada."""
    resp = falcon.Response()
    sessions.sign_in(testing.create_req(), resp, ADA)
    return cookie(resp, "session")
