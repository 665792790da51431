"""An account of 100,000 messages is deleted while others write: no request fails.

The functions run as in production, on a server that flushes its commits.
"""

# The numbers that stand in these statements are our own.
# ruff: noqa: S608

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from deploy.local.postgres import Cluster, running_cluster
from minitwit.queries import statements
from minitwit_cli.commands import main
from minitwit_cli.maintenance.integrity import broken_references
from tests.clusters import migrate, psql, rows
from tests.data.writing import Service, running_function
from tests.waiting import wait_until

MESSAGES, FOLLOWERS = 100_000, 10_000
PASSWORD = "correct horse battery staple"


class Load:
    """Requests of others, one after the other in each thread, until it is stopped.

    Args:
        requests: each sends one and returns the status; those that name the account
            may find it gone.

    """

    def __init__(self, requests: dict[str, Callable[[], int]]) -> None:
        self.seen: dict[str, Counter[int]] = {name: Counter() for name in requests}
        self.slowest = 0.0
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=each, daemon=True)
            for each in requests.items()
        ]

    def __enter__(self) -> "Load":
        """Start, and wait until each has sent something."""
        for thread in self._threads:
            thread.start()
        wait_until(lambda: all(count.total() > 2 for count in self.seen.values()))
        return self

    def __exit__(self, *_: object) -> None:
        """Finish the requests at hand."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, name: str, send: Callable[[], int]) -> None:
        while not self._stopped.is_set():
            start = time.monotonic()
            self.seen[name][send()] += 1
            self.slowest = max(self.slowest, time.monotonic() - start)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with running_cluster(tmp_path, durable=True) as cluster:
        migrate(cluster)
        yield cluster


def test_no_request_of_others_fails_and_nothing_is_left(
    cluster: Cluster, tmp_path: Path, measured: Callable[[str], None]
) -> None:
    with ExitStack() as stack:
        register, messages, follow = (
            stack.enter_context(running_function(name, cluster, tmp_path))
            for name in ("register", "messages", "follow")
        )
        for name in ("star", "ada"):
            body = {"username": name, "email": "a@b.c", "pwd": PASSWORD}
            assert register.send("POST", "/register", body).status == 204
        [(found,)] = rows(cluster, "SELECT id FROM users WHERE username = 'star'")
        star = int(str(found))
        with psql(cluster) as script:
            script.run(everything_of(star))
        browser = stack.enter_context(closing(signed_in(register)))
        requests = {
            "post": send(messages, "POST", "/msgs/ada", {"content": "hello"}),
            "read": send(messages, "GET", "/msgs?no=30"),
            "follow": send(follow, "POST", "/fllws/ada", {"follow": "user 7"}),
            "post as it": send(messages, "POST", "/msgs/star", {"content": "late"}),
            "mention it": send(messages, "POST", "/msgs/ada", {"content": "@star"}),
            "read it": send(messages, "GET", "/msgs/star?no=30"),
            "follow it": send(follow, "POST", "/fllws/ada", {"follow": "star"}),
        }
        with Load(requests) as load:
            start = time.monotonic()
            answer = browser.post("/account/delete", data={"password": PASSWORD})
            answered = time.monotonic() - start
            finish_deletions(cluster)
            seconds = time.monotonic() - start
    measured(
        f"{MESSAGES:,} messages and {FOLLOWERS:,} followers: answered after "
        f"{answered:.1f} s, gone after {seconds:.1f} s; slowest of "
        f"{sum(each.total() for each in load.seen.values())} requests of others "
        f"{1000 * load.slowest:.0f} ms"
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/public")
    for name, seen in load.seen.items():
        assert set(seen) <= {200, 204, 404}, (name, seen)
        assert (404 in seen) == name.endswith(" it") or name == "mention it", seen
    assert_gone(cluster, star)


def everything_of(star: int) -> str:
    """Return the statements that give an account a hundred thousand messages."""
    return f"""
    INSERT INTO users (username, email, password_hash)
    SELECT 'user ' || n, 'a@b.c', '*' FROM generate_series(1, {FOLLOWERS}) n;
    INSERT INTO follows (follower_id, followed_id)
    SELECT id, {star} FROM users WHERE id <> {star};
    INSERT INTO follows (follower_id, followed_id)
    SELECT {star}, id FROM users WHERE id <> {star} AND id % 10 = 0;
    INSERT INTO messages (author_id, author_name, content, pub_date, flagged)
    SELECT {star}, 'star', 'message ' || n, n, n % 1000 = 0
    FROM generate_series(1, {MESSAGES}) n;
    INSERT INTO mentions (user_id, pub_date, message_id)
    SELECT id % 100 + 3, pub_date, id FROM messages WHERE id % 10 = 0;
    INSERT INTO reports (message_id, reporter_id)
    SELECT id, id % 100 + 3 FROM messages WHERE id % 100 = 0;
    ANALYZE;
    """


def signed_in(register: Service) -> httpx.Client:
    """Return a browser in which the account is signed in."""
    browser = httpx.Client(base_url=f"http://127.0.0.1:{register.port}", timeout=30)
    form = {"username": "star", "password": PASSWORD}
    assert browser.post("/login", data=form).headers["Location"] == "/"
    return browser


def send(
    service: Service, method: str, path: str, body: object = None
) -> Callable[[], int]:
    """Return what sends a request and returns its status."""
    return lambda: service.send(method, path, body).status


def finish_deletions(cluster: Cluster) -> None:
    """Run `minitwit finish-deletions`."""
    result = CliRunner().invoke(main, ["finish-deletions"], env=cluster.environment())
    assert result.exit_code == 0, result.output


def assert_gone(cluster: Cluster, user_id: int) -> None:
    """Check that no table has anything of an account, and that the rest is whole."""
    assert rows(cluster, f"SELECT id FROM users WHERE id = {user_id}") == []
    with psql(cluster) as script:
        for _, table, column, target, _ in script.run(statements()["references"]):
            if target == "users":
                query = f"SELECT count(*) FROM {table} WHERE {column} = {user_id}"
                assert script.run(query) == [[0]], (table, column)
        assert broken_references(script) == []
    assert rows(cluster, "SELECT DISTINCT author_name FROM messages") == [("ada",)]
