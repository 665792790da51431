"""The way to PostgreSQL: a connection for each statement under way, all prepared.

Two traits of pg8000 shape the code. A prepared statement is one round trip where an
unprepared one with parameters is three. And after an error that is not the server's, a
connection may be out of step and answer the next query with the rows of the last one,
so it is dropped.
"""

import weakref
from collections.abc import Callable
from time import perf_counter
from typing import Any, Self
from uuid import UUID

from minitwit.errors import ForeignDatabase, StorageUnavailable
from minitwit.postgres.circuit_breaker import CircuitBreaker
from minitwit.postgres.connections import (
    LOST,
    Connection,
    DatabaseError,
    connect,
    hang_up,
)
from minitwit.postgres.prepared_statements import PreparedStatement
from minitwit.postgres.prepared_statements import Row as Row
from minitwit.postgres.sqlstates import domain_error, error_fields, is_stale_plan
from minitwit.postgres.stream import Stream
from minitwit.queries import statements
from minitwit.settings import DatabaseSettings
from minitwit.telemetry.spans import query_span

# How long callers are told at once that the server is away, after an attempt to
# connect failed (seconds). The functions are back this long after the server.
_PAUSE = 1.0

# Planning a list anew each time costs more than the list. A plan for any parameters is
# made once on a connection, perhaps while the tables are empty, so it must be one that
# stays good while they grow: by an index, always.
PLANNING = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"}


class _ConnectionLost(StorageUnavailable):
    """The connection to the storage was lost; try again in a few seconds."""


class _StalePlan(StorageUnavailable):
    """The storage was just changed; try again."""


def _require_installation(connection: Connection, expected: UUID | None) -> None:
    """Refuse a database that is not the one that the settings name."""
    if expected is None:
        return
    rows = connection.run(statements()["installation_id"])
    if rows != [[str(expected)]]:
        raise ForeignDatabase


class _Session:
    """A connection and what was prepared on it."""

    def __init__(self, connection: Connection, wire: Stream) -> None:
        self._connection = connection
        self._wire = wire
        self._prepared: dict[str, PreparedStatement] = {}
        # Also when nobody has it any more; whatever comes first, and once.
        self.close = weakref.finalize(self, hang_up, connection, wire)

    @classmethod
    def open(cls, settings: DatabaseSettings) -> Self:
        """Connect, and make sure that the database is the one that is meant."""
        connection, wire = connect(settings, PLANNING)
        wire.watch()
        session = cls(connection, wire)
        try:
            _require_installation(connection, settings.installation)
        except BaseException:
            session.close()
            raise
        return session

    def run(self, query: str, parameters: dict[str, Any]) -> list[Row]:
        statement = self._prepared.get(query)
        if statement is None:
            text = statements()[query]
            statement = PreparedStatement(self._connection, self._wire, text)
            self._prepared[query] = statement
        return statement.run(parameters)

    def is_dead(self) -> bool:
        """Say whether the server hung up: an idle connection has nothing to read."""
        return self._wire.has_news()


class Database:
    """Runs named statements for any task or thread and speaks the domain's errors.

    A statement has a connection to itself while it runs. The one that was used last is
    used first, so there are never more than statements that have run at once.

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
        self._breaker = CircuitBreaker(_PAUSE)
        # Both ends of a list may be used by several threads at once.
        self._idle: list[_Session] = []

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
        """Close the connections; the next statement opens another."""
        while self._idle:
            self._idle.pop().close()

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
        session = self._session()
        try:
            rows = session.run(query, parameters)
        except DatabaseError as error:
            fields = error_fields(error)
            if is_stale_plan(fields):
                session.close()
                raise _StalePlan from error
            self._idle.append(session)
            raise (domain_error(fields) or error) from error
        except LOST as error:
            session.close()
            raise _ConnectionLost from error
        except BaseException:
            session.close()
            raise
        self._idle.append(session)
        return rows

    def _session(self) -> _Session:
        if session := self._idle_session():
            return session
        self._breaker.require_closed()
        try:
            session = _Session.open(self._settings)
        except (DatabaseError, *LOST) as error:
            # A busy machine may need too long to connect. Who gave a connection back
            # meanwhile shows that the server is there, and nothing was sent yet.
            if session := self._idle_session():
                return session
            self._breaker.open()
            if isinstance(error, DatabaseError):
                raise (domain_error(error_fields(error)) or error) from error
            raise _ConnectionLost from error
        self._breaker.close()
        return session

    def _idle_session(self) -> _Session | None:
        while self._idle:
            session = self._idle.pop()
            if not session.is_dead():
                return session
            session.close()
        return None
