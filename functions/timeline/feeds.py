"""Atom feeds of the timelines (RFC 4287)."""

import hashlib
import re
from collections.abc import Sequence

import falcon
from jinja2 import Environment

from minitwit.discovery.profiles import Profiles
from minitwit.messages import PAGE_SIZE, Messages
from minitwit.models import Post
from minitwit.web.bidi import isolated
from minitwit.web.browser_responses import user_path

_ATOM = "application/atom+xml; charset=utf-8"

# Characters that XML 1.0 forbids, escaped or not, but a message may hold.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Feeds:
    """Renders feeds.

    Args:
        templates: hold that of a feed.

    """

    def __init__(self, templates: Environment) -> None:
        self._template = templates.get_template("feed.xml")

    def send(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        title: str,
        page: str,
        posts: Sequence[Post],
    ) -> None:
        """Answer with a feed, or with 304 when the client has this version."""
        text = self._template.render(title=title, page=page, posts=posts[:PAGE_SIZE])
        text = _NOT_XML.sub("\ufffd", text)
        resp.content_type = _ATOM
        # Caches validate it each time, since a message may be deleted at any.
        resp.cache_control = ["public", "no-cache"]
        resp.etag = hashlib.sha256(text.encode()).hexdigest()[:16]
        if resp.etag.strip('"') in map(str, req.if_none_match or ()):
            resp.status = falcon.HTTP_NOT_MODIFIED
        else:
            resp.text = text


class PublicFeed:
    """The public timeline as a feed."""

    def __init__(self, messages: Messages, feeds: Feeds) -> None:
        self._messages = messages
        self._feeds = feeds

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send the newest page of it."""
        posts = self._messages.public_timeline()
        self._feeds.send(req, resp, "MiniTwit", "/public", posts)


class UserFeed:
    """A user's timeline as a feed."""

    def __init__(self, profiles: Profiles, feeds: Feeds) -> None:
        self._profiles = profiles
        self._feeds = feeds

    def on_get(self, req: falcon.Request, resp: falcon.Response, username: str) -> None:
        """Send the newest page of it."""
        posts = self._profiles.find(username).posts
        title = f"{isolated(username)} on MiniTwit"
        self._feeds.send(req, resp, title, user_path(username), posts)
