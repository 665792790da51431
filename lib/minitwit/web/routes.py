"""The route table: which function answers which path, said once.

Falcon's routes, the rules of Traefik (local run and stack.yml), the names that
nobody may register, the `Allow` header and the API description derive from it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

FUNCTIONS = ("register", "follow", "messages", "timeline")

# The function that renders pages. It answers whatever no other route claims, so
# that an unknown path or a wrong method on a page is a page as well.
PAGES = "timeline"

API_PREFIX = "/api"

# Traefik sorts routers by rule length unless told otherwise, and shadowing is
# silent. `/msgs/follow` is a page of messages, never a request to follow "msgs".
_PRIORITIES = {"register": 40, "messages": 30, "follow": 20, "timeline": 10}


@dataclass(frozen=True)
class Route:
    """A path template, the methods it takes, and the function that answers.

    `credentials`: only the simulator may; `carries_latest`: takes the simulator's mark;
    `carries_no`: GET lists at most `no` entries; `get_changes`: GET is not safe.
    """

    path: str
    methods: tuple[str, ...]
    function: str
    caller: Literal["api", "browser"]
    credentials: bool = False
    carries_latest: bool = False
    carries_no: bool = False
    get_changes: bool = False


# A list that only the simulator reads.
_LIST = {"credentials": True, "carries_latest": True, "carries_no": True}

ROUTES = (
    Route("/register", ("POST",), "register", "api", carries_latest=True),
    Route("/login", ("POST",), "register", "browser"),
    Route("/logout", ("GET", "POST"), "register", "browser", get_changes=True),
    Route("/fllws/{username}", ("GET", "POST"), "follow", "api", **_LIST),
    Route("/{username}/follow", ("GET", "POST"), "follow", "browser", get_changes=True),
    Route(
        "/{username}/unfollow", ("GET", "POST"), "follow", "browser", get_changes=True
    ),
    Route("/msgs", ("GET",), "messages", "api", **_LIST),
    Route("/msgs/{username}", ("GET", "POST"), "messages", "api", **_LIST),
    Route("/latest", ("GET",), "messages", "api"),
    Route("/add_message", ("POST",), "messages", "browser"),
    Route("/hide_message", ("POST",), "messages", "browser"),
    Route("/restore_message", ("POST",), "messages", "browser"),
    Route("/", ("GET",), "timeline", "browser"),
    Route("/public", ("GET",), "timeline", "browser"),
    Route("/register", ("GET",), "timeline", "browser"),
    Route("/login", ("GET",), "timeline", "browser"),
    Route("/{username}", ("GET",), "timeline", "browser"),
    Route("/{username}/following", ("GET",), "timeline", "browser"),
    Route("/{username}/followers", ("GET",), "timeline", "browser"),
    Route("/{username}/feed", ("GET",), "timeline", "browser"),
    Route("/public/feed", ("GET",), "timeline", "browser"),
    Route("/new_messages", ("GET",), "timeline", "browser"),
    Route("/static/{file}", ("GET",), "timeline", "browser"),
    Route("/robots.txt", ("GET",), "timeline", "browser"),
    Route("/favicon.ico", ("GET",), "timeline", "browser"),
    Route("/openapi.json", ("GET",), "timeline", "api"),
)

# Fetched at the root by their names alone; other files by one of the endings.
_WELL_KNOWN = frozenset({"apple-app-site-association", "cgi-bin", "w3c"})
_WEB_FILES = tuple(
    ".asp .aspx .cgi .css .gif .htm .html .ico .jpeg .jpg .js .json .jsp .map .mjs "
    ".pac .pdf .pem .php .png .rdf .rss .svg .txt .wasm .webmanifest .webp .xml "
    ".yaml .yml".split()
)


def routes_of(function: str) -> Iterator[Route]:
    """Yield the routes that a function answers."""
    return (route for route in ROUTES if route.function == function)


def served_paths(route: Route) -> tuple[str, ...]:
    """Return the templates a route is reached by: API routes also under /api."""
    if route.caller == "api":
        return (route.path, API_PREFIX + route.path)
    return (route.path,)


def allowed_methods(path: str) -> tuple[str, ...]:
    """Return the methods that any function takes on a served path, sorted."""
    methods = {
        method
        for route in ROUTES
        if path in served_paths(route)
        for method in _with_head(route.methods)
    }
    return tuple(sorted(methods))


def reserved_names() -> frozenset[str]:
    """Return the names that would shadow a route if a user had them."""
    first_segments = (
        path.split("/")[1] for route in ROUTES for path in served_paths(route)
    )
    # A client or a proxy resolves the two dot segments away before any router
    # sees them, so a user of that name could never be reached.
    return frozenset({".", ".."} | {s for s in first_segments if s and "{" not in s})


def is_reserved(username: str) -> bool:
    """Return whether a name, in any case, has a meaning at the root of a site.

    Such are the first segments of routes, and what browsers, crawlers and validators
    fetch there: files, and all that RFC 8615 and its forerunners put behind a dot.
    """
    name = username.casefold()
    return (
        name in reserved_names()
        or name in _WELL_KNOWN
        or name.startswith(".")
        or name.endswith(_WEB_FILES)
    )


def traefik_rule(function: str) -> str:
    """Return the rule of the function's one Traefik router."""
    if function == PAGES:
        return "PathPrefix(`/`)"
    return " || ".join(_matcher(route) for route in routes_of(function))


def traefik_priority(function: str) -> int:
    """Return the explicit priority of the function's Traefik router."""
    return _PRIORITIES[function]


def _matcher(route: Route) -> str:
    pattern = re.sub(r"\{\w+\}", "[^/]+", route.path)
    if route.caller == "api" and not _shared_with_pages(route.path):
        return f"PathRegexp(`^({API_PREFIX})?{pattern}/?$`)"
    methods = " || ".join(f"Method(`{m}`)" for m in _with_head(route.methods))
    page = f"(PathRegexp(`^{pattern}/?$`) && ({methods}))"
    if route.caller == "api":
        return f"PathRegexp(`^{API_PREFIX}{pattern}/?$`) || {page}"
    return page


def _shared_with_pages(path: str) -> bool:
    return any(r.path == path and r.caller == "browser" for r in ROUTES)


def _with_head(methods: Iterable[str]) -> tuple[str, ...]:
    return tuple(m for method in methods for m in _HEAD.get(method, (method,)))


_HEAD = {"GET": ("GET", "HEAD")}
