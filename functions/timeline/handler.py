"""timeline: the web pages, the Atom feeds and the API description.

The only function that renders pages. Traefik routes every path to it that no other
function claims, so an unknown path is answered by a page as well.
"""

from collections.abc import Mapping

import falcon

from functions.timeline.accounts import AccountPage, ResetPage
from functions.timeline.api_page import ApiPage
from functions.timeline.assets import Assets, RootFile
from functions.timeline.feeds import Feeds, PublicFeed, UserFeed
from functions.timeline.mentioned_names import MentionedNames
from functions.timeline.openapi import Description
from functions.timeline.pages import Pages, environment
from functions.timeline.people import FindPeople, FollowList
from functions.timeline.permalinks import Permalink
from functions.timeline.reports import ReportQueue
from functions.timeline.timelines import (
    MentionsOfReader,
    NewMessages,
    OwnTimeline,
    PublicTimeline,
    UserTimeline,
)
from minitwit.errors import TooManyAttempts
from minitwit.web.address_limits import LIMITS
from minitwit.web.app import Services
from minitwit.web.browser_auth import BrowserAuth
from minitwit.web.browser_responses import BrowserResponses, next_page, sign_in_path


class FormPage:
    """A form for signed-out readers."""

    def __init__(
        self, template: str, auth: BrowserAuth, browser: BrowserResponses, pages: Pages
    ) -> None:
        self._template = template
        self._auth = auth
        self._browser = browser
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show the form, or redirect a signed-in reader."""
        reader = self._auth.reader(req, resp)
        page = next_page(req)
        if reader.account:
            self._browser.redirect(req, resp, page)
        else:
            sign_in = sign_in_path(page)
            self._pages.render(req, resp, self._template, reader, sign_in=sign_in)


class Throttled:
    """The answer to a request that Traefik refuses as one too many."""

    def on_get(self, _req: falcon.Request, _resp: falcon.Response) -> None:
        """Refuse it in the caller's language."""
        raise TooManyAttempts


def routes(services: Services) -> Mapping[str, object]:
    """Return the resource of each path."""
    store, auth, browser = services.store, services.auth, services.browser
    assets = Assets()
    templates = environment(assets, MentionedNames(store.mentions.known), services.url)
    pages = Pages(services.cookies, templates)
    description = Description(services.version)
    feeds = Feeds(templates)
    return {
        "/": OwnTimeline(store.messages, services.cookies, auth, browser, pages),
        "/public": PublicTimeline(store.messages, auth, pages),
        "/public/feed": PublicFeed(store.messages, feeds),
        "/reports": ReportQueue(store.reports, store.suspensions, auth, pages),
        "/new_messages": NewMessages(store.messages, auth),
        "/register": FormPage("register.html", auth, browser, pages),
        "/login": FormPage("login.html", auth, browser, pages),
        "/account": AccountPage(store.sessions, services.cookies, auth, pages),
        "/reset_password": ResetPage(store.password_resets, auth, pages),
        **{limit.page: Throttled() for limit in LIMITS},
        "/mentions": MentionsOfReader(store.mentions, auth, browser, pages),
        "/people": FindPeople(store.people, auth, pages),
        "/{username}": UserTimeline(store, auth, pages),
        "/{username}/following": FollowList(
            "following.html", store.follows.followed, store, auth, pages
        ),
        "/{username}/followers": FollowList(
            "followers.html", store.follows.followers, store, auth, pages
        ),
        "/{username}/{message_id:decimal}": Permalink(store.messages, auth, pages),
        "/{username}/feed": UserFeed(store.profiles, feeds),
        "/static/{file}": assets,
        "/robots.txt": RootFile("robots.txt"),
        "/favicon.ico": RootFile("icon.svg"),
        "/manifest.webmanifest": RootFile("manifest.webmanifest"),
        "/openapi.json": description,
        "/api": ApiPage(description, auth, pages),
    }
