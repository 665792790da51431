"""Messages as HTML: the template runs once for each kind of message, not for each one.

What the readers of a page may do decides the kind; all messages of a kind differ only
in values, which are filled in as text: first their author's, and then their own. The
text is cut at its placeholders once, as formatting would search it for each message.
"""

from collections.abc import Callable
from datetime import date
from functools import cache, lru_cache
from operator import itemgetter
from sys import getsizeof
from typing import Any, NamedTuple

from jinja2 import Environment
from markupsafe import Markup, escape

from functions.timeline.bounded_cache import BoundedCache
from functions.timeline.identicons import identicon
from functions.timeline.links import linked
from functions.timeline.mentioned_names import MentionedNames, bytes_of
from minitwit.models import Post, Reader
from minitwit.text.dates import writable
from minitwit.web.browser_responses import user_path

# In no name and no message: PostgreSQL does not store it.
_MARK = "\0"
_PLACEHOLDERS = {
    name: Markup(f"{_MARK}{name}{_MARK}")  # noqa: S704
    for name in ("author", "content", "id", "iso", "moment", "portrait", "username")
}

# The style sheet's height of a message holds some 40 lines (fewer fit where they grow
# taller), and the narrowest line that is still supported some 10 characters.
_MOST_LINES = 32
_SHORTEST_LINE = 10
_CACHED_BYTES = 8_000_000  # some two thousand messages of usual length
# Of the longest usernames, each as often as a message has it, they take 3 MB.
_AUTHORS = 256
_EPOCH = date(1970, 1, 1).toordinal()
# Formatting the number would cost as much as all the rest of a moment.
_SECONDS = [f":{second:02}+00:00" for second in range(60)]

_ValuesOf = Callable[[dict[str, str]], tuple[str, ...]]


def messages_filter(
    templates: Environment, mentioned: MentionedNames
) -> Callable[[list[Post], Reader], Markup]:
    """Return a filter that renders the messages of a page.

    Args:
        templates: hold that of a message.
        mentioned: finds the users that messages mention.

    """
    module: Any = templates.get_template("message.html").module
    kind = cache(lambda *flags: str(module.message(_PLACEHOLDERS, *flags)))

    # All messages on a user's page have one author.
    @lru_cache(maxsize=_AUTHORS)
    def of_author(username: str, *flags: bool) -> tuple[list[str], _ValuesOf]:
        """Return text and the names of values by turns, and what looks those up."""
        author = {
            "author": user_path(username),
            "username": escape(username),
            "portrait": identicon(username),
        }
        text = kind(*flags)
        for name, value in author.items():
            text = text.replace(_PLACEHOLDERS[name], value)
        pieces = text.split(_MARK)
        return pieces, itemgetter(*pieces[1::2])

    def message(
        post: Post,
        is_own: bool,
        is_signed_in: bool,
        is_moderator: bool,
        usernames: frozenset[str],
    ) -> str:
        content = post.content
        sent = moment(post.pub_date)
        template, values_of = of_author(
            post.username,
            is_own,
            is_signed_in,
            is_moderator,
            post.is_hidden,
            may_scroll(content),
        )
        # Each value is HTML: escaped, or made of what needs no escaping.
        values = {
            "id": str(post.id),
            "iso": sent.iso,
            "moment": sent.text,
            "content": linked(content, usernames),
        }
        pieces = template.copy()
        pieces[1::2] = values_of(values)
        return "".join(pieces)

    # A message is on many pages, so its HTML is cached: it depends on nothing but the
    # arguments.
    rendered: BoundedCache[tuple[Any, ...], str] = BoundedCache(
        _CACHED_BYTES,
        lambda arguments: message(*arguments),
        lambda key, html: bytes_of(key[0].content, key[-1]) + getsizeof(html),
    )

    def messages(posts: list[Post], reader: Reader) -> Markup:
        own = reader.account.username if reader.account else None
        reads_as = own is not None, reader.is_moderator
        html = [
            rendered[post, post.username == own, *reads_as, usernames]
            for post, usernames in zip(posts, mentioned.of(posts), strict=True)
        ]
        # The values are escaped; Markup's own join would check each message again.
        return Markup("".join(html))  # noqa: S704

    return messages


def may_scroll(content: str) -> bool:
    """Return whether a message may be so high that the style sheet makes it scroll.

    What scrolls has to be reachable by keyboard.
    """
    lines = (1 + len(line) // _SHORTEST_LINE for line in content.splitlines())
    return sum(lines) > _MOST_LINES


class Moment(NamedTuple):
    """The date of a message, for programs and for people."""

    iso: str
    text: str


def moment(pub_date: int) -> Moment:
    """Return the date of a message."""
    # Takes a third of the time of a datetime's isoformat and strftime.
    minutes, second = divmod(writable(pub_date), 60)
    days, minute = divmod(minutes, 1440)
    day, time = _day(days), _time(minute)
    return Moment(f"{day}T{time}{_SECONDS[second]}", f"{day} @ {time}")


@lru_cache(maxsize=1024)
def _day(days: int) -> str:
    """Return the date so many days after the first one of Unix time."""
    return date.fromordinal(_EPOCH + days).isoformat()


@cache
def _time(minute: int) -> str:
    """Return the time of day so many minutes after midnight."""
    return f"{minute // 60:02}:{minute % 60:02}"
