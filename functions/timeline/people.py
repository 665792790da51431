"""Pages that list people: whom a user follows, followers, and people to follow."""

from collections.abc import Callable
from urllib.parse import quote

import falcon

from functions.timeline.pages import Pages
from minitwit.discovery.people import People
from minitwit.follows import PAGE_SIZE
from minitwit.models import Person, Reader
from minitwit.store import Store
from minitwit.web.browser_auth import BrowserAuth
from minitwit.web.request_data import place


class FollowList:
    """A list of users who follow, or are followed by, one user.

    Args:
        template: of the page.
        listed: takes the user's id and a place, and returns the users behind it.
        store: all accounts, and whom the reader follows.
        auth: tells who reads.
        pages: renders the page.

    """

    def __init__(
        self,
        template: str,
        listed: Callable[[int, int | None], list[Person]],
        store: Store,
        auth: BrowserAuth,
        pages: Pages,
    ) -> None:
        self._template = template
        self._listed = listed
        self._store = store
        self._auth = auth
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, username: str) -> None:
        """Show a page of the list, newest follow first."""
        user = self._store.users.find(username)
        people = self._listed(user.id, place(req))
        reader = self._auth.reader(req, resp)
        names = [person.username for person in people[:PAGE_SIZE]]
        self._pages.render(
            req,
            resp,
            self._template,
            reader,
            user=user,
            older=people[PAGE_SIZE - 1].place if len(people) > PAGE_SIZE else None,
            **_with_buttons(req, reader, names, self._store.people),
        )


class FindPeople:
    """People whose names begin with a text, or whom to follow."""

    def __init__(self, people: People, auth: BrowserAuth, pages: Pages) -> None:
        self._people = people
        self._auth = auth
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show the people whose names begin with `name`; without, whom to follow."""
        reader = self._auth.reader(req, resp)
        prefix = (req.get_param("name") or "").strip()
        if prefix:
            names = self._people.by_prefix(prefix)
        else:
            names = self._people.active(reader.account.id if reader.account else None)
        self._pages.render(
            req,
            resp,
            "find_people.html",
            reader,
            prefix=prefix,
            **_with_buttons(req, reader, names, self._people),
        )


def _with_buttons(
    req: falcon.Request, reader: Reader, names: list[str], people: People
) -> dict[str, object]:
    """Return a list of people with whom the reader follows, and where buttons lead."""
    account = reader.account
    here = quote(req.path) + (f"?{req.query_string}" if req.query_string else "")
    return {
        "names": names,
        "followed": people.followed_among(account.id, names) if account else (),
        "here": here,
    }
