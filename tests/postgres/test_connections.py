"""Which server a connection is opened to, and when its name is looked up."""

import socket
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from minitwit.errors import DatabaseRefused, StorageUnavailable
from minitwit.postgres.address import Address
from minitwit.postgres.connections import (
    Connection,
    Connector,
    DatabaseError,
    disconnect,
)
from minitwit.postgres.database import Database
from minitwit.postgres.network import BLOCKING
from minitwit.postgres.sockets import SocketAddress, look_up
from minitwit.postgres.stream import Stream
from minitwit_cli.maintenance.admin_connection import open_admin_connection
from tests.postgres.databases import OwnDatabase


class Resolver:
    """Answers with addresses of servers, as Swarm's resolver does, until it is busy."""

    def __init__(self, *addresses: str) -> None:
        self.addresses: Iterator[str] = iter(addresses)

    def look_up(self, *_: object) -> list[SocketAddress]:
        """Return the next address; without one there is no answer in time."""
        try:
            return [(socket.AF_UNIX, next(self.addresses))]
        except StopIteration:
            raise socket.gaierror(socket.EAI_AGAIN, "no answer") from None


@pytest.fixture
def address(testbed: OwnDatabase) -> str:
    """Return the address of the run's server."""
    server = Address.parse(testbed.settings().database_url)
    [(_, path)] = look_up(server.hosts[0], server.port, BLOCKING)
    return str(path)


def resolve(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> Resolver:
    """Let the next look-ups return these."""
    resolver = Resolver(*addresses)
    monkeypatch.setattr("minitwit.postgres.connections.look_up", resolver.look_up)
    return resolver


def test_a_server_is_reached_again_while_the_resolver_does_not_answer(
    testbed: OwnDatabase, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, address)
    connector = Connector(testbed.settings())
    connections = [connector.connect() for _ in range(3)]
    for connection, stream in connections:
        assert connection.run("SELECT 1") == [[1]]
        disconnect(connection, stream)


@pytest.fixture
def moved(
    testbed: OwnDatabase, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Connector, Resolver]:
    """Return what has reached a server that is elsewhere now, and what finds it."""
    before = tmp_path / "before"
    before.symlink_to(address)
    resolver = resolve(monkeypatch, str(before), address)
    connector = Connector(testbed.settings())
    disconnect(*connector.connect())
    before.unlink()
    return connector, resolver


def test_a_server_that_has_moved_is_looked_up(
    moved: tuple[Connector, Resolver],
) -> None:
    connector, resolver = moved
    disconnect(*connector.connect())
    assert not list(resolver.addresses)
    disconnect(*connector.connect())


def test_a_server_that_has_moved_is_not_looked_up_for_one_more_connection(
    moved: tuple[Connector, Resolver],
) -> None:
    connector, resolver = moved
    with pytest.raises(FileNotFoundError):
        connector.connect(looks_up=False)
    disconnect(*connector.connect())
    assert not list(resolver.addresses)


def test_a_foreign_database_is_looked_up_again(
    testbed: OwnDatabase, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = testbed.settings().model_copy(update={"installation": uuid4()})
    resolver = resolve(monkeypatch, address, address)
    database = Database(foreign)
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            database.read("latest")
    assert not list(resolver.addresses)


def test_a_database_that_was_closed_is_looked_up_again(
    testbed: OwnDatabase, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A standby's may be the primary's by now, which answers as well."""
    resolver = resolve(monkeypatch, address, address)
    database = Database(testbed.settings())
    for _ in range(2):
        assert database.read("latest") == [[-1]]
        database.close()
    assert not list(resolver.addresses)


@pytest.mark.parametrize(
    "failure",
    [ConnectionRefusedError("not yet"), DatabaseError({"C": "57P03", "M": "starting"})],
)
def test_a_command_waits_for_a_server_that_takes_writes(
    testbed: OwnDatabase, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    failures = [failure, failure]
    connect = Connector.connect

    def late(connector: Connector) -> tuple[Connection, Stream]:
        if failures:
            raise failures.pop()
        return connect(connector)

    monkeypatch.setattr(Connector, "connect", late)
    with open_admin_connection(testbed.settings(), patience=60) as connection:
        assert connection.run("SELECT 1") == [[1]]


def test_a_command_does_not_wait_for_what_does_not_come(testbed: OwnDatabase) -> None:
    nowhere = testbed.settings().model_copy(
        update={"database_url": "postgresql://minitwit@/minitwit?host=/nowhere"}
    )
    late = open_admin_connection(nowhere, patience=0.1)
    with pytest.raises(StorageUnavailable, match="/nowhere"), late:
        pass
    wrong = testbed.settings().model_copy(update={"database_password": None})
    refused = open_admin_connection(wrong, patience=600)
    with pytest.raises(DatabaseRefused, match="password"), refused:
        pass


def test_each_server_that_cannot_be_used_is_named(testbed: OwnDatabase) -> None:
    url = "postgresql://minitwit@/minitwit?host=/nowhere/one,/nowhere/two"
    settings = testbed.settings().model_copy(update={"database_url": url})
    with pytest.raises(OSError, match=r"/nowhere/one: .*; /nowhere/two: "):
        Connector(settings).connect()
