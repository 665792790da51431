"""Pages of the users that a user follows, and of a user's followers."""

from collections.abc import Callable

import falcon

from functions.timeline.pages import Pages
from minitwit.follows import PAGE_SIZE
from minitwit.models import Person
from minitwit.users import Users
from minitwit.web.browser_auth import BrowserAuth
from minitwit.web.request_data import integer

_PLACES = range(2**63)  # What the database can hold.


class People:
    """A list of users who follow, or are followed by, one user.

    Args:
        template: of the page.
        listed: takes the user's id and a place, and returns the users behind it.
        users: all accounts.
        auth: tells who reads.
        pages: renders the page.

    """

    def __init__(
        self,
        template: str,
        listed: Callable[[int, int | None], list[Person]],
        users: Users,
        auth: BrowserAuth,
        pages: Pages,
    ) -> None:
        self._template = template
        self._listed = listed
        self._users = users
        self._auth = auth
        self._pages = pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, username: str) -> None:
        """Show a page of the list, newest follow first."""
        user = self._users.find(username)
        people = self._listed(user.id, _place(req))
        self._pages.render(
            req,
            resp,
            self._template,
            self._auth.reader(req, resp),
            user=user,
            people=people[:PAGE_SIZE],
            older=people[PAGE_SIZE - 1].place if len(people) > PAGE_SIZE else None,
        )


def _place(req: falcon.Request) -> int | None:
    place = integer(req.get_param("before"))
    return place if place is not None and place in _PLACES else None
