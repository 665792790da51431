"""Workloads: the requests, identical for every system."""

import itertools
import json
import random
from dataclasses import dataclass
from functools import cache
from itertools import islice

from tests.benchmark.dataset import READER, DataSet, content, username

# The actions of the course's scenario: register, tweet, follow, unfollow.
SCENARIO = {"register": 200, "tweet": 11_306, "follow": 9_751, "unfollow": 4_665}

_run = itertools.count()


@dataclass(frozen=True)
class Request:
    """A request of the simulator or of a browser."""

    method: str
    target: str
    body: str = ""
    cookie: str = ""

    def line(self) -> str:
        """Return the request as load.lua reads it."""
        return f"{self.method}\t{self.target}\t{self.cookie}\t{self.body}\n"


def reads(target: str) -> list[Request]:
    """Return a workload that asks for one thing."""
    return [Request("GET", target)]


def of_users(data_set: DataSet, target: str, number: int = 2_000) -> list[Request]:
    """Return a workload that asks the same of random users."""
    draw = random.Random(number)  # noqa: S311
    return [
        Request("GET", target.format(username(draw.randint(1, data_set.users))))
        for _ in range(number)
    ]


@cache
def of_messages(data_set: DataSet, number: int = 2_000) -> list[Request]:
    """Return a workload that asks for single messages from all over the data set.

    Where there are none, it asks for the first that the busiest reader posts.
    """
    if not data_set.messages:
        return reads(f"/{username(READER)}/1")
    step = data_set.messages // number
    return [
        Request("GET", f"/{username(author)}/{message}")
        for message, author, _, _ in islice(data_set.message_rows(), 0, None, step)
    ]


def posts(data_set: DataSet, number: int = 5_000) -> list[Request]:
    """Return a workload of messages by random users, as the simulator sends them."""
    draw = random.Random(number)  # noqa: S311
    return [_tweet(draw, data_set.users, mark) for mark in range(number)]


def follows(data_set: DataSet, number: int = 5_000) -> list[Request]:
    """Return a workload of follows between random users."""
    draw = random.Random(number)  # noqa: S311
    return [_action(draw, "follow", data_set.users, mark, "") for mark in range(number)]


def new_follows(data_set: DataSet, number: int = 5_000) -> list[Request]:
    """Return a workload of follows, hardly any of which exists by earlier calls."""
    draw = random.Random(next(_run))  # noqa: S311
    return [_action(draw, "follow", data_set.users, mark, "") for mark in range(number)]


def unfollows(data_set: DataSet, number: int = 5_000) -> list[Request]:
    """Return a workload of unfollows between random users, as the scenario has them."""
    draw = random.Random(number + 1)  # noqa: S311
    return [
        _action(draw, "unfollow", data_set.users, mark, "") for mark in range(number)
    ]


def registrations(number: int = 2_000) -> list[Request]:
    """Return a workload of registrations of unused names."""
    run = next(_run)
    draw = random.Random(run)  # noqa: S311
    return [
        _action(draw, "register", 1, mark, f"new {run} {mark}")
        for mark in range(number)
    ]


def scenario(data_set: DataSet, number: int = 20_000) -> list[Request]:
    """Return actions in the proportions of the course's scenario.

    Registrations have names that no earlier scenario had.
    """
    run = next(_run)
    draw = random.Random(run)  # noqa: S311
    kinds = draw.choices(list(SCENARIO), list(SCENARIO.values()), k=number)
    return [
        _action(draw, kind, data_set.users, mark, f"new {run} {mark}")
        for mark, kind in enumerate(kinds)
    ]


def scenario_with_reads(data_set: DataSet, number: int = 20_000) -> list[Request]:
    """Return the same with a small read, of one of three kinds, after four actions."""
    draw = random.Random(4)  # noqa: S311
    targets = ("/msgs?no=20", "/msgs/{}?no=20", "/fllws/{}?no=20")
    requests: list[Request] = []
    for position, action in enumerate(scenario(data_set, number)):
        requests.append(action)
        if position % 4 == 3:
            name = username(draw.randint(1, data_set.users))
            requests.append(Request("GET", draw.choice(targets).format(name)))
    return requests


def _action(draw: random.Random, kind: str, users: int, mark: int, new: str) -> Request:
    if kind == "tweet":
        return _tweet(draw, users, mark)
    if kind == "register":
        account = {"username": new, "email": "new@example.com", "pwd": "secret"}
        return Request("POST", f"/register?latest={mark}", json.dumps(account))
    follower, other = (username(draw.randint(1, users)) for _ in range(2))
    body = json.dumps({kind: other})
    return Request("POST", f"/fllws/{follower}?latest={mark}", body)


def _tweet(draw: random.Random, users: int, mark: int) -> Request:
    author = username(draw.randint(1, users))
    body = json.dumps({"content": content(draw)})
    return Request("POST", f"/msgs/{author}?latest={mark}", body)
