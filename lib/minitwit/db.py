"""The way to PostgreSQL: one connection a thread, prepared statements only.

The only module that imports pg8000. Two of its traits shape the code. A prepared
statement is one round trip where an unprepared one with parameters is three. And
after an error that is not the server's, a connection may be out of step and answer
the next query with the rows of the last one, so it is dropped.
"""

import select
import socket
import struct
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter
from typing import Any, Self
from uuid import UUID

from pg8000.native import Connection as Connection
from pg8000.native import DatabaseError as DatabaseError
from pg8000.native import InterfaceError, PreparedStatement

from minitwit.address import Address
from minitwit.breaker import Breaker
from minitwit.errors import ForeignDatabase, StorageUnavailable
from minitwit.queries import statements
from minitwit.settings import DatabaseSettings
from minitwit.spans import query_span
from minitwit.sqlstates import domain_error, error_fields, is_stale_plan
from minitwit.wire import Wire

Row = list[Any]

# What is raised when a connection can no longer be used.
LOST = (InterfaceError, OSError, struct.error, AttributeError)

# A reply may take as long as its statement; this much more means that the network or
# the server's machine is gone and no reply will come (seconds).
_REPLY_SLACK = 1.0

# How long callers are told at once that the server is away, after an attempt to
# connect failed (seconds). The functions are back this long after the server.
_PAUSE = 1.0


class _ConnectionLost(StorageUnavailable):
    """The connection to the storage was lost; try again in a few seconds."""


class _StalePlan(StorageUnavailable):
    """The storage was just changed; try again."""


def connect(settings: DatabaseSettings) -> tuple[Connection, socket.socket]:
    """Open a connection with the settings' limits; of several hosts, to the primary.

    Returns:
        the connection and the socket under it.

    Raises:
        OSError: nobody listens there, or not in time.
        InterfaceError, DatabaseError: the server refuses.

    """
    address = Address.parse(settings.database_url)
    if len(address.hosts) == 1:
        return _connect(settings, address, address.hosts[0])
    failure: Exception = InterfaceError("none of the hosts takes writes")
    for host in address.hosts:
        try:
            connection, stream = _connect(settings, address, host)
        except (DatabaseError, *LOST) as error:
            failure = error
            continue
        # The server says by itself, when it greets, whether it is a standby.
        if connection.parameter_statuses.get("in_hot_standby") == "off":
            return connection, stream
        hang_up(connection, stream)
    raise failure


def _connect(
    settings: DatabaseSettings, address: Address, host: str
) -> tuple[Connection, socket.socket]:
    password = settings.database_password
    stream = address.open_socket(host, settings.connect_timeout)
    try:
        connection = Connection(
            user=address.user,
            password=password.get_secret_value() if password else None,
            database=address.database,
            sock=Wire(stream),
            ssl_context=False,
            application_name="minitwit",
            startup_params={
                "statement_timeout": str(settings.statement_timeout_ms),
                "lock_timeout": str(settings.lock_timeout_ms),
            },
        )
    except BaseException:
        stream.close()
        raise
    stream.settimeout(settings.statement_timeout_ms / 1000 + _REPLY_SLACK)
    return connection, stream


def hang_up(connection: Connection, stream: socket.socket) -> None:
    """Take leave of the server, if it is still there, and close the socket."""
    # A ValueError says that it was closed before.
    with suppress(ValueError, *LOST):
        connection.close()
    stream.close()


def _require_installation(connection: Connection, expected: UUID | None) -> None:
    """Refuse a database that is not the one that the settings name."""
    if expected is None:
        return
    rows = connection.run(statements()["installation_id"])
    if rows != [[str(expected)]]:
        raise ForeignDatabase


class _Session:
    """A thread's connection and what was prepared on it."""

    def __init__(self, connection: Connection, stream: socket.socket) -> None:
        self._connection = connection
        self._prepared: dict[str, PreparedStatement] = {}
        self._poll = select.poll()
        self._poll.register(stream, select.POLLIN)
        # Also when the thread is gone; whatever comes first, and once.
        self.close = weakref.finalize(self, hang_up, connection, stream)

    @classmethod
    def open(cls, settings: DatabaseSettings) -> Self:
        """Connect, and make sure that the database is the one that is meant."""
        connection, stream = connect(settings)
        session = cls(connection, stream)
        try:
            _require_installation(connection, settings.installation)
        except BaseException:
            session.close()
            raise
        return session

    def run(self, query: str, parameters: dict[str, Any]) -> list[Row]:
        statement = self._prepared.get(query)
        if statement is None:
            statement = self._connection.prepare(statements()[query])
            self._prepared[query] = statement
        return statement.run(**parameters) or []

    def is_dead(self) -> bool:
        """Say whether the server hung up: an idle connection has nothing to read."""
        return bool(self._poll.poll(0))


class Database:
    """Runs named statements for any thread and speaks the domain's errors.

    Args:
        settings: where the database is and how long to wait for it.
        observe: is told each query's name and seconds.

    """

    def __init__(
        self,
        settings: DatabaseSettings,
        observe: Callable[[str, float], None] = lambda query, seconds: None,
    ) -> None:
        self._settings = settings
        self._observe = observe
        self._breaker = Breaker(_PAUSE)
        self._thread = threading.local()

    def read(self, query: str, **parameters: Any) -> list[Row]:
        """Run a statement that changes nothing; try again once on a lost connection.

        Raises:
            StorageUnavailable: the database does not answer, or not in time.

        """
        return self._run(query, parameters, retried=(_StalePlan, _ConnectionLost))

    def write(self, query: str, **parameters: Any) -> list[Row]:
        """Run a statement that changes something; never twice, as it may have taken.

        Raises:
            StorageUnavailable: the database does not answer, or not in time.
            UsernameTaken, InvalidInput: the database refuses the values.

        """
        return self._run(query, parameters, retried=(_StalePlan,))

    def close(self) -> None:
        """Close this thread's connection; the next statement opens another."""
        self._drop()

    def _run(
        self,
        query: str,
        parameters: dict[str, Any],
        retried: tuple[type[StorageUnavailable], ...],
    ) -> list[Row]:
        start = perf_counter()
        try:
            with query_span(query):
                try:
                    return self._attempt(query, parameters)
                except retried:
                    return self._attempt(query, parameters)
        finally:
            self._observe(query, perf_counter() - start)

    def _attempt(self, query: str, parameters: dict[str, Any]) -> list[Row]:
        try:
            return self._session().run(query, parameters)
        except DatabaseError as error:
            fields = error_fields(error)
            if is_stale_plan(fields):
                self._drop()
                raise _StalePlan from error
            raise (domain_error(fields) or error) from error
        except LOST as error:
            self._drop()
            raise _ConnectionLost from error
        except BaseException:
            self._drop()
            raise

    def _session(self) -> _Session:
        session: _Session | None = getattr(self._thread, "session", None)
        if session is not None and session.is_dead():
            self._drop()
            session = None
        if session is None:
            session = self._thread.session = self._open_session()
        return session

    def _open_session(self) -> _Session:
        self._breaker.require_closed()
        try:
            return _Session.open(self._settings)
        except (DatabaseError, *LOST):
            self._breaker.open()
            raise

    def _drop(self) -> None:
        session: _Session | None = self._thread.__dict__.pop("session", None)
        if session is not None:
            session.close()
