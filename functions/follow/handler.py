"""follow: who follows whom.

/fllws/{username} is the simulator's: whom a user follows, and changing it.
/{username}/follow and /unfollow are a browser's: the signed-in user follows.
"""

from collections.abc import Callable, Mapping

import falcon

from minitwit.follows import Follows
from minitwit.models import FollowChange
from minitwit.users import Users
from minitwit.web.app import Services
from minitwit.web.browser_responses import Browser, user_path
from minitwit.web.request_data import json_body, limit, unknown_user_first
from minitwit.web.simulator_auth import carried_mark


class FollowsOfUser:
    """Whom one user follows."""

    def __init__(self, follows: Follows, users: Users) -> None:
        self._follows = follows
        self._users = users

    def on_get(self, req: falcon.Request, resp: falcon.Response, username: str) -> None:
        """List the names, oldest follow first."""
        names = self._follows.names_json(username, limit(req))
        resp.data = f'{{"follows": {names}}}'.encode()

    def on_post(
        self, req: falcon.Request, resp: falcon.Response, username: str
    ) -> None:
        """Follow or no longer follow somebody."""
        with unknown_user_first(self._users, username):
            change = json_body(req, FollowChange)
        if change.follow is not None:
            self._follows.add(username, change.follow, carried_mark(req))
        elif change.unfollow is not None:
            self._follows.remove(username, change.unfollow, carried_mark(req))
        resp.status = falcon.HTTP_204


class FollowButton:
    """What a browser's button does; GET is kept for old links.

    Args:
        change: takes the signed-in user's name and the other's.
        sentence: tells the user what was done to whom.
        browser: that pressed the button.

    """

    def __init__(
        self, change: Callable[[str, str], None], sentence: str, browser: Browser
    ) -> None:
        self._change = change
        self._sentence = sentence
        self._browser = browser

    def on_post(
        self, req: falcon.Request, resp: falcon.Response, username: str
    ) -> None:
        """Press the button on a user's page."""
        account = self._browser.account(req)
        self._change(account.username, username)
        self._browser.redirect(
            req, resp, user_path(username), self._sentence.format(username)
        )

    on_get = on_post

    def on_head(
        self, req: falcon.Request, resp: falcon.Response, username: str
    ) -> None:
        """Lead to the user's page and change nothing: HEAD only looks."""
        self._browser.redirect(req, resp, user_path(username))


def routes(services: Services) -> Mapping[str, object]:
    """Say which paths this function answers."""
    follows, browser = services.store.follows, services.browser
    return {
        "/fllws/{username}": FollowsOfUser(follows, services.store.users),
        "/{username}/follow": FollowButton(
            follows.add, 'You are now following "{}"', browser
        ),
        "/{username}/unfollow": FollowButton(
            follows.remove, 'You are no longer following "{}"', browser
        ),
    }
