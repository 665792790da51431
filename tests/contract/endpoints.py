"""The endpoints that docs/contract.md promises, for tests that hold for all of them."""

import re
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tests.contract.callers import PASSWORD, Callers, new_name

CONTRACT = Path(__file__).parents[2] / "docs" / "contract.md"


class Endpoint(NamedTuple):
    """A row of the table; `path` has `{user}` where a username stands, 1 for an id."""

    method: str
    path: str
    is_api: bool
    requires_credentials: bool
    reads_latest: bool
    reads_no: bool

    @property
    def status(self) -> int:
        """The status of success in the API."""
        return 200 if self.method == "GET" else 204


def _endpoint(row: re.Match[str]) -> Endpoint:
    method, path, _, caller, requires, reads, _ = (
        cell.strip(" `") for cell in row[0].strip("|").split("|")
    )
    return Endpoint(
        method,
        path.replace("{username}", "{user}").replace("{message_id:decimal}", "1"),
        caller == "API",
        requires == "credentials",
        "latest" in reads,
        "no" in re.findall(r"\w+", reads),
    )


_ROW = re.compile(r"^\| `[A-Z]+` \|.*\|$", re.MULTILINE)
ENDPOINTS = [_endpoint(row) for row in _ROW.finditer(CONTRACT.read_text("utf-8"))]
API = [endpoint for endpoint in ENDPOINTS if endpoint.is_api]
# Files are served by their names, so a template is no example of one.
PAGES = [e for e in ENDPOINTS if not e.is_api and not e.path.startswith("/static/")]
PROTECTED = [endpoint for endpoint in API if endpoint.requires_credentials]
BODIES = [endpoint.path for endpoint in API if endpoint.method == "POST"]
MARKING = [endpoint for endpoint in API if endpoint.reads_latest]


def allowed(endpoints: list[Endpoint]) -> dict[str, str]:
    """Return the `Allow` header of each of the endpoints' paths."""
    methods = defaultdict[str, set[str]](set)
    for endpoint in ENDPOINTS:
        methods[endpoint.path] |= {endpoint.method}
        if endpoint.method == "GET":
            methods[endpoint.path] |= {"HEAD"}
    return {e.path: ", ".join(sorted(methods[e.path])) for e in endpoints}


def reserved_names() -> list[str]:
    """Return the names that may not be registered."""
    segments = {endpoint.path.split("/")[1] for endpoint in ENDPOINTS}
    return sorted(name for name in segments | {"api"} if name and "{" not in name)


def body_for(endpoint: Endpoint, user: str) -> dict[str, Any] | None:
    """Return a body that the API accepts, if the method has one."""
    if endpoint.method == "GET":
        return None
    if endpoint.path == "/register":
        return {"username": new_name(), "email": "a@b.c", "pwd": PASSWORD}
    return {"content": "hello", "follow": user}


def call(
    minitwit: Callers, endpoint: Endpoint, prefix: str = "", **options: Any
) -> httpx.Response:
    """Send a request that the endpoint accepts."""
    user = minitwit.somebody
    client = options.pop("client", minitwit.simulator)
    answer: httpx.Response = client.request(
        endpoint.method,
        prefix + endpoint.path.format(user=user),
        json=body_for(endpoint, user),
        **options,
    )
    return answer


def endpoint_id(endpoint: Endpoint) -> str:
    """Return the name of an endpoint in test ids."""
    return f"{endpoint.method} {endpoint.path}"
