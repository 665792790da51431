"""The connection pool: lost connections, time-outs, and domain errors."""

import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest

from minitwit.accounts.sessions import SessionClaim
from minitwit.errors import (
    InvalidInput,
    StorageUnavailable,
    UnknownUser,
    UsernameTaken,
)
from minitwit.models import Account, Cursor, Reader
from minitwit.postgres.connections import Connection, Connector
from minitwit.postgres.database import Database
from minitwit.postgres.prepared_statements import PreparedStatement
from minitwit.postgres.stream import Stream
from minitwit.server import event_loop
from minitwit.settings import DatabaseSettings
from minitwit.store import Store
from minitwit_cli.maintenance.admin_connection import AdminConnection
from tests.postgres.databases import OwnDatabase
from tests.stopped_process import stopped
from tests.store_rows import add_user


class Reads:
    """Tasks of an event loop that read on connections of one process.

    Args:
        testbed: the database.

    """

    def __init__(self, testbed: OwnDatabase) -> None:
        self._store = Store.on(Database(testbed.settings(), event_loop))
        self._loop = event_loop.EventLoop()
        self.done = 0

    def start(self, tasks: int, each: int = 1) -> None:
        """Start so many tasks, of which each reads so many times."""
        for _ in range(tasks):
            self._loop.start(self._read, each)

    def wait_for(self, count: int) -> None:
        """Run the tasks until so many reads are done."""
        while self.done < count:
            self._loop.run_once(1)

    def _read(self, times: int) -> None:
        for _ in range(times):
            self._store.latest.value()
            self.done += 1


def hang_up_on(superuser: AdminConnection, testbed: OwnDatabase) -> None:
    """Terminate every connection to a database."""
    superuser.run(f"SELECT pg_terminate_backend(pid, 5000) {of(testbed)}")


def connections(superuser: AdminConnection, testbed: OwnDatabase) -> int:
    """Return how many connections a database has."""
    return int(superuser.run(f"SELECT count(*) {of(testbed)}")[0][0])


def of(testbed: OwnDatabase) -> str:
    """Return the words that choose the connections of a database."""
    return f"FROM pg_stat_activity WHERE datname = '{testbed.name}'"


def test_idle_connection_that_the_server_ended_is_noticed_before_a_write(
    testbed: OwnDatabase, store: Store, superuser: AdminConnection
) -> None:
    add_user(store, "ada")
    hang_up_on(superuser, testbed)
    store.messages.add("ada", "once")
    hang_up_on(superuser, testbed)
    assert store.messages.recent_json_of("ada", 9).count("once") == 1


def test_event_loop_notices_that_the_server_ended_an_idle_connection(
    testbed: OwnDatabase, superuser: AdminConnection
) -> None:
    store = Store.on(Database(testbed.settings(), event_loop))
    loop = event_loop.EventLoop()
    found: list[int] = []

    def ask() -> None:
        store.latest.record(5)
        found.append(store.latest.value())

    for number in (1, 2, 3):
        loop.start(ask)
        while len(found) < number:
            loop.run_once(1)
        hang_up_on(superuser, testbed)
        # The writes that follow would be lost with the connection.
        loop.run_once(1)
    assert found == [5, 5, 5]


def test_lists_go_by_an_index_also_when_planned_on_empty_tables(
    testbed: OwnDatabase,
    database: Database,
    owner: AdminConnection,
    superuser: AdminConnection,
) -> None:
    store = Store.on(database)
    # From now on the planner knows that they are empty.
    owner.run("VACUUM ANALYZE")
    read_all_lists(store)
    for name in ("ada", "bob"):
        add_user(store, name)
        store.messages.add(name, "hello")
        store.messages.add(name, "hello @ada and @bob")
    store.follows.add("ada", "bob")
    read_all_lists(store)
    # The server counts a connection's scans at the latest when it ends.
    database.close()
    while connections(superuser, testbed) > 1:
        pass
    scans = owner.run(
        "SELECT relname, seq_scan, idx_scan > 0 FROM pg_stat_user_tables "
        "WHERE relname IN ('users', 'messages', 'follows', 'mentions') "
        "ORDER BY relname"
    )
    tables = ("follows", "mentions", "messages", "users")
    assert scans == [[table, 0, True] for table in tables]


def read_all_lists(store: Store) -> None:
    """Read every list, with what only moderators see."""
    messages, follows = store.messages, store.follows
    messages.recent_json(20)
    messages.public_timeline(with_hidden=True)
    messages.user_timeline(1, "ada", with_hidden=True)
    messages.own_timeline(Reader(Account(1, "reader"), is_moderator=True, is_busy=True))
    messages.newer_public(Cursor(0, 0))
    messages.newer_own(1, Cursor(0, 0))
    with suppress(UnknownUser):
        store.profiles.find("ada", Account(1, "reader"))
    store.sessions.reader(SessionClaim(1, "ada", uuid4(), signed_at=0))
    follows.followed(1)
    follows.followers(1)
    for start in (None, Cursor(0, 0, is_newer=True)):
        store.mentions.of(1, start)
    store.people.by_prefix("a")
    store.people.active(1)
    store.people.followed_among(1, ["ada", "bob"])
    for read in (messages.recent_json_of, follows.names_json):
        with suppress(UnknownUser):
            read("ada", 20)


def test_one_statement_after_another_needs_one_connection(
    testbed: OwnDatabase, store: Store, superuser: AdminConnection
) -> None:
    for _ in range(5):
        thread = threading.Thread(target=store.latest.value)
        thread.start()
        thread.join()
    assert connections(superuser, testbed) == 1


def test_statements_at_the_same_time_have_a_connection_each(
    testbed: OwnDatabase, superuser: AdminConnection
) -> None:
    reads = Reads(testbed)
    reads.start(3)
    # All three have sent their first message, and none has read an answer yet.
    assert not reads.done
    reads.wait_for(3)
    assert connections(superuser, testbed) == 3
    reads.start(1)
    reads.wait_for(4)
    assert connections(superuser, testbed) == 3


def test_statements_share_connections_when_the_server_has_no_other(
    testbed: OwnDatabase, superuser: AdminConnection
) -> None:
    superuser.run(f"ALTER DATABASE {testbed.name} CONNECTION LIMIT 2")
    reads = Reads(testbed)
    reads.start(8, each=5)
    reads.wait_for(8 * 5)
    assert connections(superuser, testbed) == 2


def test_statements_share_connections_while_the_server_opens_none_in_time(
    testbed: OwnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a machine that starts thirty replicas, and is busy with that."""
    reads = Reads(testbed)
    reads.start(1, each=5)
    reads.wait_for(1)

    def late(_: Connector, looks_up: bool) -> tuple[Connection, Stream]:
        assert not looks_up
        raise TimeoutError

    monkeypatch.setattr(Connector, "connect", late)
    # The first has waited in vain; the circuit breaker lets none of the others try.
    reads.start(7, each=5)
    reads.wait_for(8 * 5)


def test_a_full_server_is_an_unavailable_storage_for_those_without_a_connection(
    testbed: OwnDatabase, database: Database, superuser: AdminConnection
) -> None:
    superuser.run(f"ALTER DATABASE {testbed.name} CONNECTION LIMIT 0")
    with pytest.raises(StorageUnavailable):
        database.read("latest")


def test_threads_never_get_each_others_rows(store: Store) -> None:
    names = [f"user {number}" for number in range(8)]
    for name in names:
        add_user(store, name)

    def find(name: str) -> bool:
        return all(store.users.find(name).username == name for _ in range(50))

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(find, names))


def test_lost_read_is_retried_once_and_a_lost_write_never(
    testbed: OwnDatabase, superuser: AdminConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(testbed.settings())
    database.read("latest")
    asked: list[str] = []
    monkeypatch.setattr("minitwit.postgres.database._Session.is_dead", lambda _: False)
    original = Database._attempt

    def attempt(self: Database, query: str, parameters: dict[str, object]) -> object:
        asked.append(query)
        return original(self, query, parameters)

    monkeypatch.setattr(Database, "_attempt", attempt)
    hang_up_on(superuser, testbed)
    assert database.read("latest") == [[-1]]
    assert asked == ["latest", "latest"]
    asked.clear()
    hang_up_on(superuser, testbed)
    with pytest.raises(StorageUnavailable):
        database.write("record_latest", value=5)
    assert asked == ["record_latest"]
    assert database.read("latest") == [[-1]]


def test_a_write_that_the_server_has_not_begun_is_sent_again(
    testbed: OwnDatabase, superuser: AdminConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(testbed.settings())
    database.write("record_latest", value=4)
    [[pid]] = superuser.run(f"SELECT pid {of(testbed)}")
    sent = threading.Event()
    send = Stream.send

    def send_and_tell(stream: Stream, data: bytes) -> None:
        send(stream, data)
        sent.set()

    monkeypatch.setattr(Stream, "send", send_and_tell)
    with ThreadPoolExecutor(1) as threads:
        # It reads the signal before the statement.
        with stopped(pid):
            written = threads.submit(database.write, "record_latest", value=5)
            assert sent.wait(10)
            superuser.run(f"SELECT pg_terminate_backend({pid})")
        written.result(10)
    assert database.read("latest") == [[5]]


def test_a_statement_that_gets_no_connection_in_time_takes_a_returned_one(
    testbed: OwnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(testbed.settings())
    attempts: list[Connector] = []
    connect = Connector.connect

    def late(connector: Connector, looks_up: bool) -> tuple[Connection, Stream]:
        attempts.append(connector)
        if len(attempts) > 1:
            return connect(connector, looks_up)
        # Meanwhile another statement opens a connection and returns it.
        assert database.read("latest") == [[-1]]
        raise TimeoutError

    monkeypatch.setattr(Connector, "connect", late)
    database.write("record_latest", value=5)
    assert database.read("latest") == [[5]]
    assert len(attempts) == 2
    database.close()


@pytest.mark.parametrize("bug", [AttributeError, TypeError, struct.error, KeyError])
def test_a_bug_is_not_reported_as_a_lost_connection(
    testbed: OwnDatabase, monkeypatch: pytest.MonkeyPatch, bug: type[Exception]
) -> None:
    database = Database(testbed.settings())
    database.read("latest")
    runs: list[object] = []

    def run(_statement: PreparedStatement, parameters: object) -> None:
        runs.append(parameters)
        raise bug("a mistake in the driver")

    with monkeypatch.context() as broken:
        broken.setattr(PreparedStatement, "run", run)
        with pytest.raises(bug):
            database.read("latest")
    assert len(runs) == 1
    # The connection may be out of step, so it was closed.
    assert database.read("latest") == [[-1]]
    database.close()


def test_statement_that_takes_too_long_is_canceled(
    testbed: OwnDatabase, owner: AdminConnection
) -> None:
    settings = testbed.settings().model_copy(update={"statement_timeout_ms": 100})
    store = Store.on(Database(settings))
    owner.run("BEGIN")
    owner.run("LOCK TABLE messages")
    with pytest.raises(StorageUnavailable):
        store.messages.recent_json(1)
    owner.run("COMMIT")
    assert store.messages.recent_json(1) == "[]"


def test_lock_that_is_not_available_times_out(
    testbed: OwnDatabase, owner: AdminConnection
) -> None:
    settings = testbed.settings().model_copy(update={"lock_timeout_ms": 100})
    store = Store.on(Database(settings))
    add_user(store, "ada")
    owner.run("BEGIN")
    owner.run("LOCK TABLE messages")
    with pytest.raises(StorageUnavailable):
        store.messages.add("ada", "never")
    owner.run("COMMIT")
    assert store.messages.recent_json_of("ada", 5) == "[]"


@pytest.mark.parametrize(
    "change",
    [
        {"database_url": "postgresql://minitwit@/minitwit?host=/nowhere"},
        {"database_url": "postgresql://minitwit@127.0.0.1:1/minitwit"},
        {"database_password": None},
    ],
)
def test_server_that_accepts_no_connection_is_an_unavailable_storage(
    testbed: OwnDatabase, change: dict[str, object]
) -> None:
    database = Database(testbed.settings().model_copy(update=change))
    with pytest.raises(StorageUnavailable):
        database.read("latest")


def test_wrong_password_is_an_unavailable_storage(testbed: OwnDatabase) -> None:
    values = testbed.settings().model_dump() | {"database_password": "wrong"}
    database = Database(DatabaseSettings.model_validate(values))
    with pytest.raises(StorageUnavailable):
        database.read("latest")


def test_constraint_becomes_the_domains_error_and_the_connection_stays(
    testbed: OwnDatabase, database: Database, superuser: AdminConnection
) -> None:
    account: dict[str, Any] = {"username": "ada", "email": "a@b", "password_hash": "x"}
    account |= {"days": 30, "latest": None}
    database.write("add_user", **account)
    [[before]] = superuser.run(f"SELECT max(pid) {of(testbed)}")
    with pytest.raises(UsernameTaken):
        database.write("add_user", **account)
    with pytest.raises(InvalidInput):
        database.read("find_user", username="a\x00b")
    database.read("latest")
    [[after]] = superuser.run(f"SELECT max(pid) {of(testbed)}")
    assert before == after


def test_text_that_cannot_be_sent_leaves_the_next_query_its_own_rows(
    store: Store, database: Database
) -> None:
    add_user(store, "ada")
    add_user(store, "bob")
    for _ in range(5):
        with pytest.raises(UnicodeEncodeError):
            database.read("find_user", username="\ud800")
        assert store.users.find("bob").username == "bob"
        assert store.users.find("ada").username == "ada"


def test_each_query_is_observed_by_name(testbed: OwnDatabase) -> None:
    seen: list[tuple[str, float]] = []
    settings = testbed.settings()
    database = Database(settings, observe=lambda *observed: seen.append(observed))
    database.read("latest")
    database.write("record_latest", value=3)
    assert [name for name, _ in seen] == ["latest", "record_latest"]
    assert all(seconds > 0 for _, seconds in seen)
