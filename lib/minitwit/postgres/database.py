"""Runs prepared statements on pooled connections.

Two traits of pg8000 shape the code. A prepared statement takes one round trip, an
unprepared one with parameters three. And after an error that is not the server's, a
connection may be out of step and answer the next query with the rows of the last one,
so it is closed.
"""

import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter
from typing import Any, Self
from uuid import UUID

from minitwit.errors import ForeignDatabase, StorageUnavailable
from minitwit.postgres.circuit_breaker import CircuitBreaker
from minitwit.postgres.connections import (
    LOST,
    Connection,
    Connector,
    DatabaseError,
    disconnect,
)
from minitwit.postgres.network import BLOCKING, Network
from minitwit.postgres.pool import Pool
from minitwit.postgres.prepared_statements import NotBegun, PreparedStatement
from minitwit.postgres.prepared_statements import Row as Row
from minitwit.postgres.sqlstates import (
    domain_error,
    error_fields,
    is_stale_plan,
    is_too_many_connections,
)
from minitwit.postgres.stream import Stream
from minitwit.queries import statements
from minitwit.settings import DatabaseSettings

# Seconds for which callers fail immediately after an attempt to connect has failed. The
# functions recover this long after the server, and find a new primary in less than a
# second, with the time that connecting to a lost one takes.
_PAUSE = 0.5

# Seconds that a statement waits for a connection of its own process when it cannot have
# another.
_PATIENCE = 1.0

# Planning a list each time costs more than running it. A generic plan is made once on a
# connection, perhaps while the tables are empty, so it must be one that stays good
# while they grow: always by an index.
PLANNING = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"}


class _ConnectionLost(StorageUnavailable):
    """The connection to the database was lost; try again in a few seconds."""


class _NotExecuted(StorageUnavailable):
    """The database was just changed or restarted; try again."""


def _untraced(_query: str) -> AbstractContextManager[object]:
    return nullcontext()


class _Session:
    """A connection and the statements prepared on it."""

    def __init__(self, connection: Connection, stream: Stream) -> None:
        self._connection = connection
        self._stream = stream
        self.certificate_expiry = stream.certificate_expiry
        self._prepared: dict[str, PreparedStatement] = {}
        # A connection in use is registered with the event loop's epoll anyway. One that
        # is registered once, and for good, costs no system call per statement.
        self._idle_watch = stream.watch()
        # Runs once: on close() or on garbage collection.
        self.close = weakref.finalize(self, disconnect, connection, stream)

    @classmethod
    def open(
        cls, connector: Connector, installation: UUID | None, looks_up: bool
    ) -> Self:
        """Connect, and check that the database is the one that is meant."""
        session = cls(*connector.connect(looks_up))
        try:
            session._require_installation(installation)
        except BaseException:
            connector.forget()
            session.close()
            raise
        return session

    def run(self, query: str, parameters: dict[str, Any]) -> list[Row]:
        statement = self._prepared.get(query)
        if statement is None:
            text = statements()[query]
            statement = PreparedStatement(self._connection, self._stream, text)
            self._prepared[query] = statement
        return statement.run(parameters)

    def is_dead(self) -> bool:
        """Say whether the server hung up: an idle connection has nothing to read."""
        return self._idle_watch.is_readable()

    def _require_installation(self, expected: UUID | None) -> None:
        if expected is None:
            return
        if self._connection.run(statements()["installation_id"]) != [[str(expected)]]:
            raise ForeignDatabase


class Database:
    """Runs named statements for any task or thread and raises domain errors.

    A statement has a connection to itself while it runs. There are never more than
    statements that have run at once, and fewer when the server has no more, or is too
    busy to open one in time.

    Args:
        settings: where the database is and how long to wait for it.
        network: how to wait for it.
        observe: receives each query's name and duration in seconds.
        span: returns the context in which a query runs, given its name.
        observe_expiry: receives, with each new connection over TLS, when the server's
            certificate expires, in seconds since 1970.

    """

    def __init__(
        self,
        settings: DatabaseSettings,
        network: Network = BLOCKING,
        observe: Callable[[str, float], None] = lambda query, seconds: None,
        span: Callable[[str], AbstractContextManager[object]] = _untraced,
        observe_expiry: Callable[[float], None] = lambda expiry: None,
    ) -> None:
        self._connector = Connector(settings, PLANNING, network)
        self._installation = settings.installation
        self._observe = observe
        self._span = span
        self._observe_expiry = observe_expiry
        self._breaker = CircuitBreaker(_PAUSE)
        self._pool: Pool[_Session] = Pool(network)
        self._server_is_full = False

    def read(self, query: str, **parameters: Any) -> list[Row]:
        """Run a statement that changes nothing; retry once on a lost connection.

        Raises:
            StorageUnavailable: the database does not answer, or not in time.

        """
        return self._run(query, parameters, retried=(_NotExecuted, _ConnectionLost))

    def write(self, query: str, **parameters: Any) -> list[Row]:
        """Run a statement that changes something; not again if it may have committed.

        Raises:
            StorageUnavailable: the database does not answer, or not in time.
            UsernameTaken, InvalidInput: the database refuses the values.

        """
        return self._run(query, parameters, retried=(_NotExecuted,))

    def close(self) -> None:
        """Close the connections; the next statement looks for the server anew."""
        self._connector.forget()
        self._pool.close()

    def _run(
        self,
        query: str,
        parameters: dict[str, Any],
        retried: tuple[type[StorageUnavailable], ...],
    ) -> list[Row]:
        start = perf_counter()
        try:
            with self._span(query):
                try:
                    return self._attempt(query, parameters)
                except retried:
                    return self._attempt(query, parameters)
        finally:
            self._observe(query, perf_counter() - start)

    def _attempt(self, query: str, parameters: dict[str, Any]) -> list[Row]:
        session = self._session()
        try:
            rows = session.run(query, parameters)
        except DatabaseError as error:
            fields = error_fields(error)
            if is_stale_plan(fields):
                self._pool.discard(session)
                raise _NotExecuted from error
            self._pool.give_back(session)
            raise (domain_error(fields) or error) from error
        except NotBegun as error:
            self._pool.discard(session)
            raise _NotExecuted from error
        except LOST as error:
            self._pool.discard(session)
            raise _ConnectionLost from error
        except BaseException:
            self._pool.discard(session)
            raise
        self._pool.give_back(session)
        return rows

    def _session(self) -> _Session:
        if session := self._pool.take():
            return session
        while True:
            try:
                return self._pool.open(self._open)
            except StorageUnavailable:
                if not self._may_share():
                    raise
            try:
                session = self._pool.wait(_PATIENCE)
            except TimeoutError as error:
                raise StorageUnavailable from error
            if session:
                return session

    def _may_share(self) -> bool:
        """Say whether another statement's connection may be waited for."""
        # One that is being opened comes soon or not at all where the server answers.
        # Where it does not, those that wait would occupy the process.
        if self._server_is_full:
            return self._pool.expects_one
        return self._pool.lends_one

    def _open(self) -> _Session:
        self._breaker.require_closed()
        # While another connection is in use, the server is where it was, and looking
        # for it anew takes longer than waiting for that connection.
        looks_up = not self._pool.lends_one
        try:
            session = _Session.open(self._connector, self._installation, looks_up)
        except (DatabaseError, *LOST) as error:
            self._breaker.open()
            # A busy machine may take too long to connect. If another statement has
            # returned a connection, the server is up, and nothing was sent yet.
            if returned := self._pool.take():
                return returned
            fields = error_fields(error)
            self._server_is_full = is_too_many_connections(fields)
            if isinstance(error, DatabaseError):
                raise (domain_error(fields) or error) from error
            raise _ConnectionLost from error
        except BaseException:
            # A server has answered: another database's, or one that shows a bug.
            self._breaker.close()
            raise
        self._breaker.close()
        if session.certificate_expiry is not None:
            self._observe_expiry(session.certificate_expiry)
        return session
