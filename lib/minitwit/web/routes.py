"""Route table: every operation, the function that answers it, and its description.

Falcon's routes, Traefik's rules (local run and `stack.yml`), the list of functions,
reserved usernames, the `Allow` header, the checks on the simulator's requests, the
probes of a release, the API description and the endpoints of `docs/contract.md` all
derive from it. After a change run `make generate`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from minitwit.models import (
    FollowChange,
    Follows,
    Latest,
    Message,
    NewMessage,
    Registration,
)
from minitwit.web.address_limits import SIGN_IN, SIGN_UP, AddressLimit

# Renders pages, and answers every path that no other function claims, so that an
# unknown path or a wrong method on a page is answered with a page as well.
PAGES = "timeline"

API_PREFIX = "/api"


@dataclass(frozen=True)
class Route:
    """One method on one path.

    Args:
        method: GET includes HEAD.
        path: template, whose fields match one segment each; `decimal` is a
            `web/request_data.py` DecimalField.
        function: the function that answers; its folder in `functions/`.
        caller: "api" answers in JSON and under `/api` as well, "browser" with HTML.
        summary: what the operation does, as documented.
        body: model of the JSON that is sent.
        answer: model of the JSON that is answered; an "api" route without is a 204.
        credentials: whether only the simulator may call it.
        carries_latest: whether `latest` is read and recorded.
        carries_no: whether `no` limits the length of the answer.
        get_changes: whether this GET is not a safe method.
        limit: of requests without credentials from one client address.
        probe: status of the answer to a GET without credentials, for the one route
            of each function by which a release and `minitwit status` probe it.

    """

    method: str
    path: str
    function: str
    caller: Literal["api", "browser"]
    summary: str
    body: type[BaseModel] | None = None
    answer: Any = None
    credentials: bool = False
    carries_latest: bool = False
    carries_no: bool = False
    get_changes: bool = False
    limit: AddressLimit | None = None
    probe: int | None = None

    @property
    def methods(self) -> tuple[str, ...]:
        """The method, and HEAD where it is GET."""
        return ("GET", "HEAD") if self.method == "GET" else (self.method,)


def _simulator(
    method: str, path: str, function: str, summary: str, **more: Any
) -> Route:
    flags = {"credentials": True, "carries_latest": True} | more
    return Route(method, path, function, "api", summary, **flags)


def _page(method: str, path: str, function: str, summary: str, **more: Any) -> Route:
    return Route(method, path, function, "browser", summary, **more)


# A function's first route decides its place: routers are tried in this order, and
# `/msgs/follow` is a page of messages, never a request to follow "msgs".
ROUTES = (
    Route(
        "POST",
        "/register",
        "register",
        "api",
        "Create an account.",
        body=Registration,
        carries_latest=True,
        limit=SIGN_UP,
    ),
    _page("POST", "/login", "register", "Sign in.", limit=SIGN_IN),
    _page("GET", "/logout", "register", "Sign out.", get_changes=True, probe=303),
    _page("POST", "/logout", "register", "Sign out."),
    _page(
        "POST",
        "/account/password",
        "register",
        "Change one's password.",
        limit=SIGN_IN,
    ),
    _page(
        "POST",
        "/account/sign_out_everywhere",
        "register",
        "End all of one's sessions.",
        limit=SIGN_IN,
    ),
    _page(
        "POST",
        "/reset_password",
        "register",
        "Set a new password with an operator's link.",
        limit=SIGN_IN,
    ),
    _page(
        "POST", "/account/delete", "register", "Delete one's account.", limit=SIGN_IN
    ),
    _page("GET", "/account/export", "register", "Everything about oneself as JSON."),
    _simulator(
        "GET",
        "/msgs",
        "messages",
        "List the newest messages.",
        answer=list[Message],
        carries_no=True,
    ),
    _simulator(
        "GET",
        "/msgs/{username}",
        "messages",
        "List a user's newest messages.",
        answer=list[Message],
        carries_no=True,
    ),
    _simulator(
        "POST", "/msgs/{username}", "messages", "Post a message.", body=NewMessage
    ),
    Route(
        "GET",
        "/latest",
        "messages",
        "api",
        "Read the simulator's progress mark.",
        answer=Latest,
        probe=200,
    ),
    _page("POST", "/add_message", "messages", "Post a message."),
    _page("POST", "/delete_message", "messages", "Delete a message of one's own."),
    _page("POST", "/report_message", "messages", "Report a message to the moderators."),
    _page("POST", "/hide_message", "messages", "Hide a message, as a moderator."),
    _page("POST", "/restore_message", "messages", "Show a hidden message again."),
    _page("POST", "/dismiss_reports", "messages", "Close the reports of a message."),
    _page("POST", "/suspend_user", "messages", "Suspend an account, as a moderator."),
    _page("POST", "/unsuspend_user", "messages", "Lift the suspension of an account."),
    _simulator(
        "GET",
        "/fllws/{username}",
        "follow",
        "List whom a user follows.",
        answer=Follows,
        carries_no=True,
        probe=403,
    ),
    _simulator(
        "POST",
        "/fllws/{username}",
        "follow",
        "Follow or unfollow a user.",
        body=FollowChange,
    ),
    _page("GET", "/{username}/follow", "follow", "Follow a user.", get_changes=True),
    _page("POST", "/{username}/follow", "follow", "Follow a user."),
    _page(
        "GET",
        "/{username}/unfollow",
        "follow",
        "Unfollow a user.",
        get_changes=True,
    ),
    _page("POST", "/{username}/unfollow", "follow", "Unfollow a user."),
    _page("GET", "/", "timeline", "The reader's own timeline."),
    _page("GET", "/public", "timeline", "The timeline of all users.", probe=200),
    _page("GET", "/register", "timeline", "The form to sign up."),
    _page("GET", "/login", "timeline", "The form to sign in."),
    _page("GET", "/account", "timeline", "One's sessions and password."),
    _page("GET", "/reset_password", "timeline", "The form of an operator's link."),
    _page("GET", SIGN_IN.page, "timeline", "The answer to too many sign-ins."),
    _page("GET", SIGN_UP.page, "timeline", "The answer to too many sign-ups."),
    _page("GET", "/mentions", "timeline", "The messages that mention the reader."),
    _page("GET", "/people", "timeline", "Find people by name, or whom to follow."),
    _page("GET", "/{username}", "timeline", "A user's messages."),
    _page("GET", "/{username}/following", "timeline", "The users that a user follows."),
    _page("GET", "/{username}/followers", "timeline", "The users that follow a user."),
    _page("GET", "/{username}/{message_id:decimal}", "timeline", "One message."),
    _page("GET", "/{username}/feed", "timeline", "A user's messages, as Atom feed."),
    _page("GET", "/public/feed", "timeline", "All users' messages, as Atom feed."),
    _page("GET", "/reports", "timeline", "The reported messages, for moderators."),
    _page("GET", "/new_messages", "timeline", "Count what is newer than a page."),
    _page("GET", "/static/{file}", "timeline", "Styles, scripts, pictures."),
    _page("GET", "/robots.txt", "timeline", "Rules for crawlers."),
    _page("GET", "/favicon.ico", "timeline", "The site's icon."),
    _page("GET", "/manifest.webmanifest", "timeline", "The web app's manifest."),
    _page("GET", "/api", "timeline", "The API's description, to read."),
    Route(
        "GET",
        "/openapi.json",
        "timeline",
        "api",
        "Read this API's description.",
        answer=dict,
    ),
)

# In the order of their routers' priorities.
FUNCTIONS = tuple(dict.fromkeys(route.function for route in ROUTES))


def routes_of(function: str) -> Iterator[Route]:
    """Yield the routes that a function answers."""
    return (route for route in ROUTES if route.function == function)


def served_paths(route: Route) -> tuple[str, ...]:
    """Return the templates a route is reached by: API routes also under /api."""
    if route.caller == "api":
        return (route.path, API_PREFIX + route.path)
    return (route.path,)


def allowed_methods(path: str) -> tuple[str, ...]:
    """Return the methods that any function answers on a served path, sorted."""
    methods = {
        method
        for route in ROUTES
        if path in served_paths(route)
        for method in route.methods
    }
    return tuple(sorted(methods))


def probe(function: str) -> tuple[str, int]:
    """Return the path of a function's probe and the status that it expects."""
    [found] = [
        (route.path.replace("{username}", "anybody"), route.probe)
        for route in routes_of(function)
        if route.probe
    ]
    return found
