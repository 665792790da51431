"""Messages as HTML: addresses and mentions of users are links."""

from collections.abc import Collection, Iterator

from markupsafe import Markup, escape

from minitwit.text.links import MAX_MENTIONS, longest_mention, next_found
from minitwit.web.browser_responses import user_path

_LINK = Markup('<a href="{0}" rel="nofollow ugc noopener">{0}</a>')
_MENTION = Markup('<a href="{}"><bdi>@{}</bdi></a>')


def linked(content: str, usernames: Collection[str] = ()) -> Markup:
    """Return a message as HTML, everything in it escaped once.

    Args:
        content: of the message.
        usernames: of `mention_candidates`, those that users have.

    """
    if "@" not in content and "://" not in content:
        return escape(content)
    pieces, start = [], 0
    for begin, end, link in _links(content, usernames):
        pieces += [escape(content[start:begin]), link]
        start = end
    return Markup("").join([*pieces, escape(content[start:])])


def _links(
    content: str, usernames: Collection[str]
) -> Iterator[tuple[int, int, Markup]]:
    at = mentions = 0
    while found := next_found(content, at):
        start, at = found
        if content[start:at] != "@":
            yield start, at, _LINK.format(content[start:at])
        elif usernames and mentions < MAX_MENTIONS:
            mentions += 1
            if mention := longest_mention(content, at, usernames):
                text, name = mention
                at += len(text)
                yield start, at, _MENTION.format(user_path(name), text)
