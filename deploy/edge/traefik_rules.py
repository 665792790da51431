"""Traefik's routing rules, made from the route table.

The local run gives them to Traefik as they are; `make generate` writes them into
`stack.yml`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from minitwit.web.address_limits import LIMITS, AddressLimit
from minitwit.web.routes import (
    API_PREFIX,
    FUNCTIONS,
    PAGES,
    ROUTES,
    Route,
    routes_of,
)


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
    100) in deploy/edge and deploy/tools. The two above are those of the function's
    routers for the simulator and for limited routes.
    """
    return 10 if function == PAGES else 47 - 3 * FUNCTIONS.index(function)


def limits_of(function: str) -> tuple[AddressLimit, ...]:
    """Return the limits that routes of a function have."""
    limits = {route.limit for route in routes_of(function)}
    return tuple(limit for limit in LIMITS if limit in limits)


def limited_rule(function: str, limit: AddressLimit) -> str:
    """Return the rule of the router for a function's routes with a limit."""
    return " || ".join(limited_matchers(function, limit))


def limited_matchers(function: str, limit: AddressLimit) -> tuple[str, ...]:
    """Return the alternatives of that rule."""
    routes = (route for route in routes_of(function) if route.limit == limit)
    return tuple(map(_limited_matcher, routes))


def serves_simulator(function: str) -> bool:
    """Say whether a function has routes that the simulator calls."""
    return function != PAGES and bool(_simulators_paths(function))


def simulator_matchers(function: str) -> tuple[str, ...]:
    """Return the alternatives of the rule for the simulator's requests."""
    paths = _simulators_paths(function)
    return tuple(m for path in paths for m in _matchers(function, path, "api"))


def simulator_rule(function: str, address: str) -> str:
    """Return the rule of the router that serves the simulator without a limit.

    Args:
        function: that serves it.
        address: of the simulator, or its network (192.0.2.0/24).

    """
    alternatives = " || ".join(simulator_matchers(function))
    return f"ClientIP(`{address}`) && ( {alternatives} )"


def in_flight_middleware(function: str, amount: Any) -> Mapping[str, Any]:
    """Return Traefik's middleware that limits an address's requests in flight.

    Beyond the limit, Traefik answers 429 by itself: a page would cost a request.

    Args:
        function: that would be occupied by them.
        amount: of requests.

    """
    source = {"ipStrategy": {"ipv6Subnet": 64}}
    limit = {"inFlightReq": {"amount": amount, "sourceCriterion": source}}
    return {f"{function}-in-flight": limit}


def limiting_middlewares(limit: AddressLimit, per_minute: Any) -> Mapping[str, Any]:
    """Return Traefik's middlewares that enforce a limit, the outer one first.

    The outer one replaces the body of a 429, which Traefik leaves bare, by a page of
    ours. The address is that of the connection: no header is trusted.

    Args:
        limit: to enforce.
        per_minute: requests of an address; 0 switches the limit off.

    """
    return {
        f"{limit.name}-throttled": {
            "errors": {"status": ["429"], "service": PAGES, "query": limit.page}
        },
        limit.name: {
            "rateLimit": {
                "average": per_minute,
                "period": "1m",
                "burst": limit.burst,
                "sourceCriterion": {"ipStrategy": {"ipv6Subnet": 64}},
            }
        },
    }


def _simulators_paths(function: str) -> tuple[str, ...]:
    routes = (route for route in routes_of(function) if route.caller == "api")
    return tuple(dict.fromkeys(route.path for route in routes))


def _limited_matcher(route: Route) -> str:
    method = f"Method(`{route.method}`)"
    if route.caller == "browser":
        return f"(PathRegexp(`^{route.path}/?$`) && {method})"
    # The function answers 403 if the credentials are wrong.
    no_credentials = "!HeaderRegexp(`Authorization`, `.`)"
    path = f"PathRegexp(`^({API_PREFIX})?{route.path}/?$`)"
    return f"({path} && {method} && {no_credentials})"


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
