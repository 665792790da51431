"""Limits of requests from one client address, which Traefik enforces.

A route of the table names its limit; the routes of one limit share its budget. A budget
of zero a minute switches the limit off. Besides, an address has a limited number of
requests in flight at each function, unless it is the simulator's.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class AddressLimit:
    """A token bucket for each client address; an IPv6 address counts as its /64.

    Args:
        name: of Traefik's middleware.
        per_minute: requests that an address may send in the long run.
        burst: requests that it may send at once.
        variable: that sets another number a minute, for tests.
        page: path of the answer to a refused request.

    """

    name: str
    per_minute: int
    burst: int
    variable: str
    page: str


SIGN_IN = AddressLimit(
    "sign-in", 10, 20, "MINITWIT_SIGN_INS_PER_MINUTE", "/login/throttled"
)
# Generous: a school or an office is one address.
SIGN_UP = AddressLimit(
    "sign-up", 30, 100, "MINITWIT_SIGN_UPS_PER_MINUTE", "/register/throttled"
)
LIMITS = (SIGN_IN, SIGN_UP)

# A request of a page is in flight for milliseconds, so that hundreds of readers behind
# one address stay below this; a client that reads or sends slowly holds its requests.
MAX_IN_FLIGHT = 50
MAX_IN_FLIGHT_VARIABLE = "MINITWIT_REQUESTS_IN_FLIGHT"

SIMULATOR_VARIABLE = "MINITWIT_SIMULATOR_ADDRESS"
NO_SIMULATOR = "192.0.2.1"  # No host has this address (RFC 5737).
