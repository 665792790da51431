"""Statements of commands: what operators' verbs and migrations run."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from minitwit.errors import DatabaseRefused, LockNotAvailable, StorageUnavailable
from minitwit.postgres.connections import (
    LOST,
    Connection,
    DatabaseError,
    connect,
    hang_up,
)
from minitwit.postgres.prepared_statements import Row
from minitwit.postgres.sqlstates import error_fields, explained, is_lock_not_available
from minitwit.settings import DatabaseSettings

_COMMAND_PATIENCE = 5.0  # seconds that a command waits for a connection


class AdminConnection:
    """A command's own connection, for statements that no handler runs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, sql: str) -> list[Row]:
        """Run statements without parameters, as the simple protocol does.

        Raises:
            LockNotAvailable: in the time that the settings allow.
            DatabaseRefused: with the server's words.

        """
        try:
            return self._connection.run(sql) or []
        except DatabaseError as error:
            if is_lock_not_available(error_fields(error)):
                raise LockNotAvailable from error
            raise DatabaseRefused(explained(error)) from error

    def copy(self, sql: str, chunks: Iterable[bytes]) -> None:
        """Run a COPY FROM STDIN with what the chunks hold.

        Raises:
            DatabaseRefused: with the server's words.

        """
        try:
            self._connection.run(sql, stream=chunks)
        except DatabaseError as error:
            raise DatabaseRefused(explained(error)) from error


@contextmanager
def open_admin_connection(settings: DatabaseSettings) -> Iterator[AdminConnection]:
    """Open a connection for a command, which has time, and close it behind it.

    Raises:
        DatabaseRefused: the server's words, when it lets nobody in.
        StorageUnavailable: nobody answers.

    """
    patient = settings.model_copy(update={"connect_timeout": _COMMAND_PATIENCE})
    try:
        connection, wire = connect(patient)
    except DatabaseError as error:
        raise DatabaseRefused(explained(error)) from error
    except LOST as error:
        raise StorageUnavailable(
            f"No PostgreSQL answers at {settings.database_url}: {error}"
        ) from error
    try:
        yield AdminConnection(connection)
    except LOST as error:
        raise StorageUnavailable(f"The connection was lost: {error}") from error
    finally:
        hang_up(connection, wire)
