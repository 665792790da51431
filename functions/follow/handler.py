"""follow: the follow relation between users.

/fllws/{username} lists and changes the users that a user follows, for the simulator.
/{username}/follow and /unfollow are the buttons on a user's page and in lists of
people, for browsers.
"""

from collections.abc import Callable, Mapping

import falcon

from minitwit.follows import Follows
from minitwit.models import FollowChange
from minitwit.users import Users
from minitwit.web.app import Services
from minitwit.web.bidi import isolated
from minitwit.web.browser_responses import BrowserResponses, next_page, user_path
from minitwit.web.content_negotiation import asks_for_html
from minitwit.web.request_data import json_body, limit, unknown_user_first
from minitwit.web.simulator_auth import mark_of


class FollowsOfUser:
    """The users that one user follows."""

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
        """Follow or unfollow a user."""
        with unknown_user_first(self._users, username):
            change = json_body(req, FollowChange)
        if change.follow is not None:
            self._follows.add(username, change.follow, mark_of(req))
        elif change.unfollow is not None:
            self._follows.remove(username, change.unfollow, mark_of(req))
        resp.status = falcon.HTTP_204


class FollowButton:
    """The button that follows or unfollows a user.

    GET does the same for clients that do not ask for HTML, as in the original MiniTwit.
    A browser that follows a link is redirected to the page with the button instead, so
    that a link in a message changes nothing.

    Args:
        change: takes the name of the signed-in user and that of the other.
        sentence: the flash message, with a place for the other user's name.
        browser: redirects browsers.

    """

    def __init__(
        self,
        change: Callable[[str, str], None],
        sentence: str,
        browser: BrowserResponses,
    ) -> None:
        self._change = change
        self._sentence = sentence
        self._browser = browser

    def on_post(
        self, req: falcon.Request, resp: falcon.Response, username: str
    ) -> None:
        """Change the follow and redirect to the user's page, or the list it was in."""
        page = next_page(req, default=user_path(username))
        account = self._browser.account(req, next_page=page)
        self._change(account.username, username)
        sentence = self._sentence.format(isolated(username))
        self._browser.redirect(req, resp, page, sentence)

    def on_get(self, req: falcon.Request, resp: falcon.Response, username: str) -> None:
        """Change the follow, unless a browser asks for a page."""
        if asks_for_html(req):
            self.on_head(req, resp, username)
        else:
            self.on_post(req, resp, username)

    def on_head(
        self, req: falcon.Request, resp: falcon.Response, username: str
    ) -> None:
        """Redirect to the user's page, which has the button; HEAD is a safe method."""
        self._browser.redirect(req, resp, user_path(username))


def routes(services: Services) -> Mapping[str, object]:
    """Return the resource of each path."""
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
