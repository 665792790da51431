"""HTML responses: the headers of pages, and the error page of every function.

The error page needs neither the database nor another function; all other pages are
rendered by timeline.
"""

from functools import cache
from html import escape
from importlib import resources
from string import Template

import falcon

from minitwit.web.browser_responses import user_path
from minitwit.web.security_headers import PAGE_HEADERS

_TITLES = {
    403: "Not allowed",
    404: "Nothing here",
    405: "Not possible here",
    413: "Too large",
    429: "Too many attempts",
    503: "One moment, please",
}
_OTHER_TITLE = "That did not work"

_ADVICE = {
    403: "Open MiniTwit itself, sign in if you are not, and use its own buttons.",
    404: "Check the address for a typing mistake, or start from one of these:",
    405: "Go back and use the buttons and links of the page.",
    413: "Go back, make it shorter and send it again.",
    429: "Nothing was changed. Forgotten a password? The operator can reset it.",
    503: "Wait a few seconds and load the page again. What you see is what was saved.",
}
_OTHER_ADVICE = "Go back and try again, or start from one of these:"

_SIGNED_IN = Template(
    '<a class="me" href="$path"><bdi>$name</bdi></a>\n'
    '    <form method="post" action="/logout">'
    '<button class="quiet">Sign out</button></form>'
)
_SIGNED_OUT = (
    '<a href="/login">Sign in</a>\n    <a class="button" href="/register">Sign up</a>'
)


def send_page(resp: falcon.Response, text: str) -> None:
    """Answer with a page, which no cache may store: it shows who is signed in."""
    resp.content_type = falcon.MEDIA_HTML
    resp.cache_control = ["no-store"]
    resp.set_headers(PAGE_HEADERS)
    resp.text = text


def send_error_page(
    resp: falcon.Response, status: int, message: str, username: str | None = None
) -> None:
    """Answer with a page that says what happened and what to do.

    Args:
        resp: the response.
        status: of the response.
        message: what happened.
        username: of the account that is signed in, for the page's header.

    """
    text = _error_page().substitute(
        title=_TITLES.get(status, _OTHER_TITLE),
        message=escape(message),
        advice=_ADVICE.get(status, _OTHER_ADVICE),
        account=_header(username),
    )
    send_page(resp, text)


def _header(username: str | None) -> str:
    if username is None:
        return _SIGNED_OUT
    return _SIGNED_IN.substitute(path=user_path(username), name=escape(username))


@cache
def _error_page() -> Template:
    file = resources.files(__package__) / "error_page.html"
    return Template(file.read_text(encoding="utf-8"))
