"""How many statements a request costs: each is a round trip to the database."""

from typing import Any

import falcon
import pytest
from falcon import testing

from minitwit.db import Database, Row
from minitwit.runtime.app import build
from minitwit.store import Store
from tests.contract.callers import SIMULATOR
from tests.in_process import settings


class CountingDatabase(Database):
    """Answers every statement alike and counts them."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def read(self, query: str, **parameters: Any) -> list[Row]:
        """Answer with what every list and every account can be read from."""
        self.asked.append(query)
        return [["[]", "name", "hash"]]

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


def test_mark_of_a_bad_body_is_recorded_all_the_same() -> None:
    database = CountingDatabase()
    client = testing.TestClient(build(settings("messages"), Store.on(database)))
    answer = client.simulate_post("/msgs/ada?latest=7", body="{", headers=SIMULATOR)
    assert answer.status == falcon.HTTP_400
    assert "record_latest" in database.asked
