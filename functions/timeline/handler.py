"""timeline: the web pages, the Atom feeds and the API description.

The only function that renders pages. Traefik routes every path to it that no other
function claims, so an unknown path is answered by a page as well.
"""

from collections.abc import Mapping

import falcon

from functions.timeline.assets import Assets, RootFile
from functions.timeline.feeds import Feeds, PublicFeed, UserFeed
from functions.timeline.mentions import Mentions
from functions.timeline.openapi import Description
from functions.timeline.pages import Pages, environment
from functions.timeline.people import People
from functions.timeline.readers import Readers
from functions.timeline.timelines import (
    NewMessages,
    OwnTimeline,
    PublicTimeline,
    UserTimeline,
)
from minitwit.web.app import Services
from minitwit.web.browser_responses import BrowserResponses, next_page, sign_in_path


class FormPage:
    """A form for signed-out readers."""

    def __init__(
        self, template: str, readers: Readers, browser: BrowserResponses, pages: Pages
    ) -> None:
        self._template = template
        self._readers = readers
        self._browser = browser
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show the form, or redirect a signed-in reader."""
        reader = self._readers.of(req)
        page = next_page(req)
        if reader.account:
            self._browser.redirect(req, resp, page)
        else:
            sign_in = sign_in_path(page)
            self._pages.render(req, resp, self._template, reader, sign_in=sign_in)


def routes(services: Services) -> Mapping[str, object]:
    """Return the resource of each path."""
    store, sessions, browser = services.store, services.sessions, services.browser
    assets = Assets()
    templates = environment(assets, Mentions(store.users.known))
    readers = Readers(sessions, store.users)
    pages = Pages(sessions, templates)
    feeds = Feeds(templates, services.url)
    return {
        "/": OwnTimeline(store.messages, sessions, readers, browser, pages),
        "/public": PublicTimeline(store.messages, readers, pages),
        "/public/feed": PublicFeed(store.messages, feeds),
        "/new_messages": NewMessages(store.messages, sessions),
        "/register": FormPage("register.html", readers, browser, pages),
        "/login": FormPage("login.html", readers, browser, pages),
        "/{username}": UserTimeline(store, readers, pages),
        "/{username}/following": People(
            "following.html", store.follows.followed, store.users, readers, pages
        ),
        "/{username}/followers": People(
            "followers.html", store.follows.followers, store.users, readers, pages
        ),
        "/{username}/feed": UserFeed(store.users, store.messages, feeds),
        "/static/{file}": assets,
        "/robots.txt": RootFile("robots.txt"),
        "/favicon.ico": RootFile("icon.svg"),
        "/openapi.json": Description(services.version),
    }
