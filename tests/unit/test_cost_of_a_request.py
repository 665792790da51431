"""The cost of a request, counted in statements and in calls of our own functions.

Seconds depend on the machine, these counts do not. A statement is a round trip to the
database; a call of a Python function takes some tenth of a microsecond. A change that
makes a request more expensive raises a number here, if it is worth it.

Calls within libraries and the interpreter's frames for comprehensions are not counted,
so that an update of either changes no number.
"""

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import falcon
import pytest
from falcon import testing

from minitwit.postgres.database import Database, Row
from minitwit.store import Store
from minitwit.web.app import build
from minitwit.web.signed_cookies import SignedCookies
from tests.contract.callers import SIMULATOR
from tests.in_process import SESSION_KEY, settings
from tests.session_cookies import ADA, signed_in

ROOT = Path(__file__).resolve().parents[2]
OURS = (str(ROOT / "lib"), str(ROOT / "functions"))


class CountingDatabase(Database):
    """Answers statements with the same rows, but a page's reader, and counts them.

    Args:
        rows: of every other answer.
        is_busy: what it says of a page's reader.

    """

    def __init__(self, *rows: Row, is_busy: bool = False) -> None:
        self.asked: list[str] = []
        self.rows = list(rows or ([7, "name", False],))
        self.rows_of: dict[str, list[Row]] = {
            "reader": [[ADA.id, ADA.username, False, is_busy, 0, 0]]
        }

    def read(self, query: str, **parameters: Any) -> list[Row]:
        """Answer with what every list and every account can be read from."""
        self.asked.append(query)
        return self.rows_of.get(query, self.rows)

    def write(self, query: str, **parameters: Any) -> list[Row]:
        """Answer as if something was found."""
        self.asked.append(query)
        return [[1, None]]


@pytest.mark.parametrize(
    ("function", "method", "path", "body", "queries"),
    [
        ("messages", "GET", "/msgs", None, ["recent_messages"]),
        ("messages", "GET", "/msgs/ada", None, ["recent_messages_of"]),
        ("follow", "GET", "/fllws/ada", None, ["followed_names"]),
        ("messages", "POST", "/msgs/ada?latest=7", '{"content":"a"}', ["add_message"]),
        ("follow", "POST", "/fllws/ada?latest=7", '{"follow":"bob"}', ["follow"]),
        ("follow", "POST", "/fllws/ada?latest=7", '{"unfollow":"bob"}', ["unfollow"]),
        (
            "messages",
            "GET",
            "/msgs?latest=7",
            None,
            ["recent_messages", "record_latest"],
        ),
    ],
)
def test_request_costs_no_more_statements_than_it_needs(
    function: str, method: str, path: str, body: str | None, queries: list[str]
) -> None:
    database = CountingDatabase()
    client = testing.TestClient(build(settings(function), Store.on(database)))
    answer = client.simulate_request(method, path, body=body, headers=SIMULATOR)
    assert answer.status in (falcon.HTTP_200, falcon.HTTP_204)
    assert database.asked == queries


@pytest.mark.parametrize(
    ("is_busy", "found", "queries"),
    [
        (False, 31, ["reader", "own_timeline"]),
        (True, 31, ["reader", "busy_timeline"]),
        (True, 30, ["reader", "busy_timeline", "own_timeline"]),
    ],
)
def test_own_timeline_asks_by_author_only_where_it_must(
    is_busy: bool, found: int, queries: list[str]
) -> None:
    rows: list[Row] = [[number, "bob", "Hello", 1] for number in range(found)]
    database = CountingDatabase(*rows, is_busy=is_busy)
    client = testing.TestClient(build(settings("timeline"), Store.on(database)))
    session = signed_in(SignedCookies([SESSION_KEY], days=1))
    answer = client.simulate_get("/", cookies={"session": session})
    assert answer.text.count("Hello") == 30
    assert database.asked == queries


@pytest.mark.parametrize(
    ("found", "queries"),
    [
        (31, ["reader", "recent_timeline"]),
        (30, ["reader", "recent_timeline", "own_timeline"]),
    ],
)
def test_own_timeline_is_read_as_far_as_it_went_the_last_time(
    found: int, queries: list[str]
) -> None:
    rows: list[Row] = [[number, "bob", "Hello", 1] for number in range(31)]
    database = CountingDatabase(*rows)
    client = testing.TestClient(build(settings("timeline"), Store.on(database)))
    session = signed_in(SignedCookies([SESSION_KEY], days=1))
    client.simulate_get("/", cookies={"session": session})
    database.asked.clear()
    del database.rows[found:]
    answer = client.simulate_get("/", cookies={"session": session})
    assert answer.text.count("Hello") == 30
    assert database.asked == queries


@pytest.mark.parametrize(
    ("cookies", "queries"),
    [
        ({}, ["profile"]),
        (
            {"session": signed_in(SignedCookies([SESSION_KEY], days=1))},
            ["reader", "profile"],
        ),
    ],
)
def test_page_of_a_user_costs_one_statement_and_the_readers(
    cookies: dict[str, str], queries: list[str]
) -> None:
    bob = [8, "bob", False, 3, 4, 5, True, [[1, "Hello", 1]]]
    database = CountingDatabase(bob)
    client = testing.TestClient(build(settings("timeline"), Store.on(database)))
    answer = client.simulate_get("/bob", cookies=cookies)
    assert "Hello" in answer.text
    assert database.asked == queries


@pytest.mark.parametrize("path", ["/bob", "/bob/feed"])
def test_page_and_feed_of_a_user_do_not_ask_the_primary(path: str) -> None:
    bob = [8, "bob", False, 3, 4, 5, True, [[1, "Hello", 1]]]
    primary, standby = CountingDatabase(), CountingDatabase(bob)
    store = Store.on(primary, standby)
    answer = testing.TestClient(build(settings("timeline"), store)).simulate_get(path)
    assert "Hello" in answer.text
    assert (primary.asked, standby.asked) == ([], ["profile"])


def test_permalink_costs_one_statement_and_the_readers() -> None:
    database = CountingDatabase([1, "bob", "Hello", 1, False])
    client = testing.TestClient(build(settings("timeline"), Store.on(database)))
    session = signed_in(SignedCookies([SESSION_KEY], days=1))
    answer = client.simulate_get("/bob/1", cookies={"session": session})
    assert "Hello" in answer.text
    assert database.asked == ["message", "reader"]


def test_mark_of_a_bad_body_is_recorded_all_the_same() -> None:
    database = CountingDatabase()
    client = testing.TestClient(build(settings("messages"), Store.on(database)))
    answer = client.simulate_post("/msgs/ada?latest=7", body="{", headers=SIMULATOR)
    assert answer.status == falcon.HTTP_400
    assert "record_latest" in database.asked


@pytest.mark.parametrize(
    ("method", "path", "body", "most"),
    [
        ("GET", "/msgs?no=20", None, 15),
        ("POST", "/msgs/ada?latest=7", '{"content":"a"}', 21),
        ("GET", "/latest", None, 12),
    ],
)
def test_request_calls_no_more_of_our_functions_than_it_did(
    method: str, path: str, body: str | None, most: int
) -> None:
    app = build(settings("messages"), Store.on(CountingDatabase()))
    testing.TestClient(app).simulate_request(method, path, body=body, headers=SIMULATOR)
    calls = calls_of_a_request(app, method, path, body)
    assert len(calls) <= most, calls


def test_message_costs_a_page_no_call() -> None:
    """Its piece of the page is kept once it is shown for the second time."""
    rows: list[Row] = [[number, "ada", "Hello", 1] for number in range(30)]
    costs = []
    for number in (1, 30):
        store = Store.on(CountingDatabase(*rows[:number]))
        app = build(settings("timeline"), store)
        for _ in range(2):
            calls_of_a_request(app, "GET", "/public", None)
        costs.append(len(calls_of_a_request(app, "GET", "/public", None)))
    one, thirty = costs
    link_to_older_ones = 10
    assert thirty - one <= link_to_older_ones, costs


def calls_of_a_request(
    app: Any, method: str, target: str, body: str | None
) -> list[str]:
    """Return which of our functions the application calls for a request, in order."""
    path, _, query = target.partition("?")
    environ = testing.create_environ(
        path, query, method=method, body=body or "", headers=SIMULATOR
    )
    calls = []

    def note(frame: FrameType, event: str, _argument: object) -> None:
        code = frame.f_code
        if (
            event == "call"
            and code.co_filename.startswith(OURS)
            and not code.co_name.startswith("<")
        ):
            calls.append(code.co_qualname)

    sys.setprofile(note)
    try:
        list(app(environ, testing.StartResponseMock()))
    finally:
        sys.setprofile(None)
    return calls
