"""Bidirectional isolation: a username does not change the direction of other text.

A name in another direction, or with an override in it as an older name may have,
reverses the text around it unless it is isolated (UAX 9).
"""

from markupsafe import Markup, escape

_FIRST_STRONG_ISOLATE = "\u2068"
_POP_ISOLATE = "\u2069"


def isolated(username: str) -> str:
    """Return a username for a plain text such as a title or a flash."""
    if username.isascii():
        return username
    return f"{_FIRST_STRONG_ISOLATE}{username}{_POP_ISOLATE}"


def isolates_as_html(text: str) -> Markup:
    """Return a plain text as HTML, its isolates as elements."""
    shown = escape(text).replace(_FIRST_STRONG_ISOLATE, Markup("<bdi>"))
    return shown.replace(_POP_ISOLATE, Markup("</bdi>"))


def isolated_as_html(username: str) -> Markup:
    """Return a username for a sentence in HTML."""
    return isolates_as_html(isolated(username))
