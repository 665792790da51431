"""What every page has, and the page that says what went wrong.

Every function answers a browser's mistake with the same page, which needs neither
the storage nor another function; what a page of MiniTwit shows is timeline's matter.
"""

from functools import cache
from html import escape
from importlib import resources
from string import Template

import falcon

# The pages hold what strangers wrote. Should escaping ever fail, a script or a style
# in the page still does nothing, and no other site can frame the page.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'; object-src 'none'"
    ),
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_TITLES = {
    403: "Not allowed",
    404: "Nothing here",
    405: "Not possible here",
    413: "Too large",
    503: "One moment, please",
}
_OTHER_TITLE = "That did not work"

# What to do about it.
_ADVICE = {
    403: "Open MiniTwit itself, sign in if you are not, and use its own buttons.",
    404: "Check the address for a typing mistake, or start from one of these:",
    405: "Go back and use the buttons and links of the page.",
    413: "Go back, make it shorter and send it again.",
    503: "Wait a few seconds and load the page again. What you see is what was saved.",
}
_OTHER_ADVICE = "Go back and try again, or start from one of these:"


def send_page(resp: falcon.Response, text: str) -> None:
    """Answer with a page; no cache may keep it, since it shows who is signed in."""
    resp.content_type = falcon.MEDIA_HTML
    resp.cache_control = ["no-store"]
    resp.set_headers(_HEADERS)
    resp.text = text


def send_error_page(resp: falcon.Response, status: int, message: str) -> None:
    """Answer with the page that says what went wrong and what to do."""
    text = _error_page().substitute(
        title=_TITLES.get(status, _OTHER_TITLE),
        message=escape(message),
        advice=_ADVICE.get(status, _OTHER_ADVICE),
    )
    send_page(resp, text)


@cache
def _error_page() -> Template:
    file = resources.files(__package__) / "error_page.html"
    return Template(file.read_text(encoding="utf-8"))
