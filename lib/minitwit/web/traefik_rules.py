"""Traefik's routing rules, made from the route table.

The local run gives them to Traefik as they are; `make generate` writes them into
`stack.yml`.
"""

import re
from collections.abc import Iterator

from minitwit.web.routes import API_PREFIX, FUNCTIONS, PAGES, ROUTES, routes_of


def traefik_rule(function: str) -> str:
    """Return the rule of the function's one Traefik router."""
    return " || ".join(traefik_matchers(function))


def traefik_matchers(function: str) -> tuple[str, ...]:
    """Return the alternatives of the function's rule."""
    if function == PAGES:
        return ("PathPrefix(`/`)",)
    paths = dict.fromkeys((r.path, r.caller) for r in routes_of(function))
    return tuple(m for path, caller in paths for m in _matchers(function, path, caller))


def traefik_priority(function: str) -> int:
    """Return the explicit priority of the function's Traefik router.

    Without one, Traefik would sort routers by the length of their rules. Priorities
    count down from the first function, so that a function added before the pages
    changes no other router; they stay below those of the operators' routers (50 and
    100) in deploy/edge and deploy/tools.
    """
    return 10 if function == PAGES else 49 - FUNCTIONS.index(function)


def _matchers(function: str, path: str, caller: str) -> Iterator[str]:
    pattern = re.sub(r"\{[\w:]+\}", "[^/]+", path)
    if caller == "api" and not _shared_with_pages(path):
        yield f"PathRegexp(`^({API_PREFIX})?{pattern}/?$`)"
        return
    if caller == "api":
        yield f"PathRegexp(`^{API_PREFIX}{pattern}/?$`)"
    methods = " || ".join(f"Method(`{m}`)" for m in _methods(function, path))
    yield f"(PathRegexp(`^{pattern}/?$`) && ({methods}))"


def _methods(function: str, path: str) -> Iterator[str]:
    return (m for r in routes_of(function) if r.path == path for m in r.methods)


def _shared_with_pages(path: str) -> bool:
    return any(r.path == path and r.caller == "browser" for r in ROUTES)
