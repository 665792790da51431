"""Connections to PostgreSQL, opened with limits and taken leave of.

Only this module and `prepared` import pg8000.
"""

import struct
from collections.abc import Mapping
from contextlib import suppress

from pg8000.native import Connection as Connection
from pg8000.native import DatabaseError as DatabaseError
from pg8000.native import InterfaceError

from minitwit.postgres.address import Address
from minitwit.postgres.stream import Stream
from minitwit.settings import DatabaseSettings

# What is raised when a connection can no longer be used.
LOST = (InterfaceError, OSError, struct.error, AttributeError)

# A reply may take as long as its statement; this much more means that the network or
# the server's machine is gone and no reply will come (seconds).
_REPLY_SLACK = 1.0


def connect(
    settings: DatabaseSettings, parameters: Mapping[str, str] = {}
) -> tuple[Connection, Stream]:
    """Open a connection with the settings' limits; of several hosts, to the primary.

    Args:
        settings: where the server is, and the limits.
        parameters: of the server, to be set for this connection.

    Returns:
        the connection and the wire under it.

    Raises:
        OSError: nobody listens there, or not in time.
        InterfaceError, DatabaseError: the server refuses.

    """
    address = Address.parse(settings.database_url)
    if len(address.hosts) == 1:
        return _connect(settings, address, address.hosts[0], parameters)
    failure: Exception = InterfaceError("none of the hosts takes writes")
    for host in address.hosts:
        try:
            connection, wire = _connect(settings, address, host, parameters)
        except (DatabaseError, *LOST) as error:
            failure = error
            continue
        # The server says by itself, when it greets, whether it is a standby.
        if connection.parameter_statuses.get("in_hot_standby") == "off":
            return connection, wire
        hang_up(connection, wire)
    raise failure


def _connect(
    settings: DatabaseSettings,
    address: Address,
    host: str,
    parameters: Mapping[str, str],
) -> tuple[Connection, Stream]:
    password = settings.database_password
    stream = address.open_socket(host, settings.connect_timeout)
    wire = Stream(stream, settings.connect_timeout)
    try:
        connection = Connection(
            user=address.user,
            password=password.get_secret_value() if password else None,
            database=address.database,
            sock=wire,
            ssl_context=False,
            application_name="minitwit",
            startup_params={
                "statement_timeout": str(settings.statement_timeout_ms),
                "lock_timeout": str(settings.lock_timeout_ms),
                **parameters,
            },
        )
    except BaseException:
        wire.close()
        raise
    wire.patience = settings.statement_timeout_ms / 1000 + _REPLY_SLACK
    return connection, wire


def hang_up(connection: Connection, wire: Stream) -> None:
    """Take leave of the server, if it is still there, and close the socket."""
    # A ValueError says that it was closed before.
    with suppress(ValueError, *LOST):
        connection.close()
    wire.close()
