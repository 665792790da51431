"""Measured endpoints, each with its workload and its SQL statements."""

import http.client
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from tests.benchmark import workloads
from tests.benchmark.dataset import (
    FIRST_NAME,
    PASSWORD,
    READER,
    USUAL_READER,
    DataSet,
    username,
)
from tests.benchmark.processes import HOST
from tests.benchmark.workloads import Request

BUSIEST = "GET / (the busiest reader's)"

_CONTENT = "A message as long as most are that is to say of some seventy letters or so."


@dataclass(frozen=True)
class Statements:
    """What pgbench runs for one request: queries, and their parameters' values."""

    queries: tuple[str, ...]
    variables: dict[str, str]


@dataclass(frozen=True)
class Endpoint:
    """One endpoint.

    Args:
        name: for the report.
        function: that answers.
        workload: makes its requests.
        statements: of one request, where pgbench can run the same.
        is_page: whether people look at it.

    """

    name: str
    function: str
    workload: Callable[[DataSet], Sequence[Request]]
    statements: Callable[[DataSet], Statements] | None = None
    is_page: bool = False

    def is_bare_too(self) -> bool:
        """Say whether the bare handler answers it."""
        return self.name in ("GET /msgs?no=20", "GET /msgs?no=100", "POST /msgs/<user>")


@dataclass(frozen=True)
class Cookies:
    """The sessions of a usual reader and of the busiest, who follows most."""

    usual: str
    busiest: str


def endpoints(cookies: Mapping[str, Cookies]) -> list[Endpoint]:
    """Return every endpoint.

    Args:
        cookies: by data set, because each database knows its own sessions.

    """
    return [
        _messages(20),
        _messages(100),
        Endpoint(
            "GET /msgs/<user>?no=20",
            "messages",
            lambda data: workloads.of_users(data, "/msgs/{}?no=20"),
            lambda data: Statements(
                ("recent_messages_of",), {"username": _anybody(data), "limit": "20"}
            ),
        ),
        Endpoint(
            "GET /latest",
            "messages",
            lambda _: workloads.reads("/latest"),
            lambda _: Statements(("latest",), {}),
        ),
        Endpoint(
            "GET /fllws/<user>?no=20",
            "follow",
            lambda data: workloads.of_users(data, "/fllws/{}?no=20"),
            lambda data: Statements(
                ("followed_names",), {"follower": _anybody(data), "limit": "20"}
            ),
        ),
        *_pages(cookies),
        # Last, as they add several times what the data set has.
        Endpoint(
            "POST /msgs/<user>",
            "messages",
            workloads.posts,
            lambda data: Statements(
                ("add_message",),
                {
                    "username": _anybody(data),
                    "content": _CONTENT,
                    "latest": "random(1, 1000000)",
                },
            ),
        ),
        Endpoint(
            "POST /fllws/<user>",
            "follow",
            workloads.follows,
            lambda data: Statements(
                ("follow",),
                {
                    "follower": _anybody(data),
                    "followed": _anybody(data),
                    "latest": "random(1, 1000000)",
                },
            ),
        ),
    ]


def _messages(number: int) -> Endpoint:
    return Endpoint(
        f"GET /msgs?no={number}",
        "messages",
        lambda _: workloads.reads(f"/msgs?no={number}"),
        lambda _: Statements(("recent_messages",), {"limit": str(number)}),
    )


def _pages(cookies: Mapping[str, Cookies]) -> list[Endpoint]:
    return [
        Endpoint(
            "GET /public",
            "timeline",
            lambda _: workloads.reads("/public"),
            is_page=True,
        ),
        Endpoint(
            "GET /<user>",
            "timeline",
            lambda data: workloads.of_users(data, "/{}"),
            is_page=True,
        ),
        Endpoint(
            "GET / (a usual reader's)",
            "timeline",
            lambda data: [Request("GET", "/", cookie=cookies[data.name].usual)],
            is_page=True,
        ),
        Endpoint(
            BUSIEST,
            "timeline",
            lambda data: [Request("GET", "/", cookie=cookies[data.name].busiest)],
            is_page=True,
        ),
        Endpoint(
            "GET /<user>/<id>",
            "timeline",
            workloads.of_messages,
            is_page=True,
        ),
        Endpoint(
            "GET /mentions",
            "timeline",
            lambda data: [Request("GET", "/mentions", cookie=cookies[data.name].usual)],
            is_page=True,
        ),
    ]


def sign_in(port: int) -> Cookies:
    """Sign a usual reader and the busiest in, who posts a message."""
    cookies = Cookies(_cookie(port, USUAL_READER), _cookie(port, READER))
    _send_form(port, "/add_message", {"text": _CONTENT}, cookies.busiest)
    return cookies


def _send_form(
    port: int, path: str, fields: dict[str, str], cookie: str = ""
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    connection.request("POST", path, urlencode(fields), headers)
    response = connection.getresponse()
    connection.close()
    return response


def _cookie(port: int, reader: int) -> str:
    response = _send_form(
        port, "/login", {"username": username(reader), "password": PASSWORD}
    )
    cookies = response.headers.get_all("Set-Cookie") or []
    [session] = [cookie for cookie in cookies if cookie.startswith("session=")]
    return session.partition(";")[0]


def _anybody(data_set: DataSet) -> str:
    return f"random({FIRST_NAME + 1}, {FIRST_NAME + data_set.users})"
