"""Messages as people read them: addresses and @names in them become links."""

import re
from collections.abc import Iterator

from markupsafe import Markup, escape

from minitwit.web.browser_responses import user_path

# An address ends before the punctuation of the sentence around it, and holds brackets
# only in pairs. No other scheme becomes a link: javascript: would be a script.
_BRACKETS = r"\([^\s<>\"()]*\)"
_FOUND = re.compile(
    rf"""
    (?P<address>
        (?i:https?)://
        (?: [^\s<>"()] | {_BRACKETS} )*
        (?: [^\s<>"().,;:!?'] | {_BRACKETS} )
    )
    | (?<![\w@./+-]) @(?P<name> \w+ (?: [.-]\w+ )* )
    """,
    re.VERBOSE,
)
_ADDRESS = Markup('<a href="{0}" rel="nofollow ugc noopener">{0}</a>')
_NAME = Markup('<a href="{}">@{}</a>')


def linked(content: str) -> Markup:
    """Return a message as HTML, everything in it escaped once."""
    if "@" not in content and "://" not in content:
        return escape(content)
    return Markup("").join(_parts(content))


def _parts(content: str) -> Iterator[Markup]:
    end = 0
    for match in _FOUND.finditer(content):
        yield escape(content[end : match.start()])
        if address := match["address"]:
            yield _ADDRESS.format(address)
        else:
            yield _NAME.format(user_path(match["name"]), match["name"])
        end = match.end()
    yield escape(content[end:])
