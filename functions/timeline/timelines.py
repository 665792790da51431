"""The public, own and user timelines, mentions, and the count of newer messages."""

from secrets import token_urlsafe
from urllib.parse import quote

import falcon

from functions.timeline.pages import Pages, path_of
from minitwit.discovery.mentions import Mentions
from minitwit.discovery.profiles import Profile
from minitwit.messages import NEWEST, PAGE_SIZE, Messages
from minitwit.models import Cursor, Post, Reader
from minitwit.store import Store
from minitwit.web.browser_auth import BrowserAuth
from minitwit.web.browser_responses import BrowserResponses, sign_in_path
from minitwit.web.request_data import cursor, page_start
from minitwit.web.signed_cookies import SignedCookies


class OwnTimeline:
    """The messages of the signed-in user and of followed users."""

    def __init__(
        self,
        messages: Messages,
        cookies: SignedCookies,
        auth: BrowserAuth,
        browser: BrowserResponses,
        pages: Pages,
    ) -> None:
        self._messages = messages
        self._cookies = cookies
        self._auth = auth
        self._browser = browser
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show a page of it, or redirect to the public timeline when signed out."""
        reader = self._auth.reader(req, resp)
        if reader.account is None:
            self._browser.redirect(req, resp, "/public")
            return
        posts = self._messages.own_timeline(reader, page_start(req))
        self._pages.render(
            req,
            resp,
            "own.html",
            reader,
            draft=self._cookies.take_draft(req, resp, reader.account.id),
            form_token=token_urlsafe(16),
            # Counted only for an empty page, which says why it is empty.
            hidden=0 if posts else self._messages.hidden_count(reader.account.id),
            **page_of(req, posts),
        )


class PublicTimeline:
    """The messages of all users."""

    def __init__(self, messages: Messages, auth: BrowserAuth, pages: Pages) -> None:
        self._messages = messages
        self._auth = auth
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show a page of it."""
        reader = self._auth.reader(req, resp)
        posts = self._messages.public_timeline(page_start(req), reader.is_moderator)
        self._pages.render(req, resp, "public.html", reader, **page_of(req, posts))


class UserTimeline:
    """The messages of one user."""

    def __init__(self, store: Store, auth: BrowserAuth, pages: Pages) -> None:
        self._store = store
        self._auth = auth
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, username: str) -> None:
        """Show a page of it."""
        reader = self._auth.reader(req, resp)
        start = page_start(req)
        before = start if start and not start.is_newer else NEWEST
        profile = self._store.profiles.find(username, reader.account, before)
        author = profile.account
        posts = self._posts(profile, start, reader)
        is_own = reader.account is not None and reader.account.id == author.id
        self._pages.render(
            req,
            resp,
            "user.html",
            reader,
            author=author,
            hidden=self._store.messages.hidden_count(author.id) if is_own else 0,
            counts=profile.counts,
            is_followed=profile.is_followed,
            **page_of(req, posts),
        )

    def _posts(
        self, profile: Profile, start: Cursor | None, reader: Reader
    ) -> list[Post]:
        author = profile.account
        is_newer = start is not None and start.is_newer
        if reader.is_moderator or (is_newer and not author.is_suspended):
            return self._store.messages.user_timeline(
                author.id, author.username, start, reader.is_moderator
            )
        return profile.posts


class MentionsOfReader:
    """The messages that mention the reader."""

    def __init__(
        self,
        mentions: Mentions,
        auth: BrowserAuth,
        browser: BrowserResponses,
        pages: Pages,
    ) -> None:
        self._mentions = mentions
        self._auth = auth
        self._browser = browser
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show a page of them; its newest counts as seen from now on."""
        reader = self._auth.reader(req, resp)
        if reader.account is None:
            self._browser.redirect(req, resp, sign_in_path(req.path))
            return
        start = page_start(req)
        posts = self._mentions.of(reader.account.id, start)
        is_seen = req.method == "GET" and start is None
        if is_seen and posts and reader.unseen_mentions:
            self._mentions.see(reader.account.id, posts[0])
        self._pages.render(req, resp, "mentions.html", reader, **page_of(req, posts))


class NewMessages:
    """The number of messages newer than the newest one on a page."""

    def __init__(self, messages: Messages, auth: BrowserAuth) -> None:
        self._messages = messages
        self._auth = auth

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Return the number; `timeline=own` is the signed-in user's."""
        after = cursor(req, "after") or Cursor(0, 0)
        is_own = req.get_param("timeline") == "own"
        account = self._auth.account(req) if is_own else None
        if account:
            number = self._messages.newer_own(account.id, after)
        else:
            number = self._messages.newer_public(after)
        resp.content_type = falcon.MEDIA_TEXT
        resp.cache_control = ["no-store"]
        resp.text = str(number)


def page_of(req: falcon.Request, posts: list[Post]) -> dict[str, object]:
    """Return the messages of a page, and the places where others continue.

    Args:
        req: the request.
        posts: of the page, newest first, and one more if the list goes on.

    Raises:
        HTTPFound: they are the first page, which has an address of its own.

    """
    start = page_start(req)
    goes_on = len(posts) > PAGE_SIZE
    if start and start.is_newer:
        if not goes_on:
            raise falcon.HTTPFound(quote(path_of(req)))
        shown = posts[1:]
    else:
        shown = posts[:PAGE_SIZE]
    has_older = goes_on or (start is not None and start.is_newer)
    return {
        "posts": shown,
        "older": _place(shown[-1]) if has_older else None,
        "newer": _place(shown[0]) if start and shown else None,
        "newest": _place(posts[0]) if posts else "0-0",
    }


def _place(post: Post) -> str:
    return f"{post.pub_date}-{post.id}"
