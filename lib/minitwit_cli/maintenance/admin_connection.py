"""A command's connection: SQL that is in no query file, COPY, a longer time-out."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from minitwit.errors import DatabaseRefused, LockNotAvailable, StorageUnavailable
from minitwit.postgres.connections import (
    LOST,
    Connection,
    Connector,
    DatabaseError,
    disconnect,
)
from minitwit.postgres.prepared_statements import Row
from minitwit.postgres.sqlstates import (
    error_fields,
    explained,
    is_lock_not_available,
    is_starting_or_stopping,
)
from minitwit.postgres.stream import Stream
from minitwit.settings import DatabaseSettings

_CONNECT_TIMEOUT = 5.0  # seconds; a command can wait longer than a request
_PAUSE = 0.5  # seconds between two attempts


class AdminConnection:
    """A command's own connection, for statements that are in no query file."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, sql: str) -> list[Row]:
        """Run statements without parameters, with the simple query protocol.

        Raises:
            LockNotAvailable: a lock was not granted within the settings' time-out.
            DatabaseRefused: with the server's message.

        """
        try:
            return self._connection.run(sql) or []
        except DatabaseError as error:
            if is_lock_not_available(error_fields(error)):
                raise LockNotAvailable from error
            raise DatabaseRefused(explained(error)) from error

    def copy(self, sql: str, chunks: Iterable[bytes]) -> None:
        """Run a COPY FROM STDIN with the chunks as its input.

        Raises:
            DatabaseRefused: with the server's message.

        """
        try:
            self._connection.run(sql, stream=chunks)
        except DatabaseError as error:
            raise DatabaseRefused(explained(error)) from error


@contextmanager
def open_admin_connection(
    settings: DatabaseSettings, patience: float = 0
) -> Iterator[AdminConnection]:
    """Open a connection with a command's longer time-out; close it after the block.

    Args:
        settings: where the database is, and the limits.
        patience: seconds to try again while no server takes writes.

    Raises:
        DatabaseRefused: the server rejects the connection; with its message.
        StorageUnavailable: no server answers.

    """
    patient = settings.model_copy(update={"connect_timeout": _CONNECT_TIMEOUT})
    connection, stream = _connect(Connector(patient), time.monotonic() + patience)
    try:
        yield AdminConnection(connection)
    except LOST as error:
        raise StorageUnavailable(f"The connection was lost: {error}") from error
    finally:
        disconnect(connection, stream)


def _connect(connector: Connector, deadline: float) -> tuple[Connection, Stream]:
    while True:
        is_late = time.monotonic() >= deadline
        try:
            return connector.connect()
        except DatabaseError as error:
            if is_late or not is_starting_or_stopping(error_fields(error)):
                raise DatabaseRefused(explained(error)) from error
        except LOST as error:
            if is_late:
                raise StorageUnavailable(
                    f"No PostgreSQL that takes writes answers: {error}"
                ) from error
        time.sleep(_PAUSE)
