"""Opens and closes connections to PostgreSQL, with time limits.

Only this module and `prepared_statements` import pg8000.
"""

from collections.abc import Mapping
from contextlib import suppress

from pg8000.native import Connection as Connection
from pg8000.native import DatabaseError as DatabaseError
from pg8000.native import InterfaceError

from minitwit.postgres.address import Address
from minitwit.postgres.certificate_authority import trusting
from minitwit.postgres.encrypted_stream import EncryptedStream
from minitwit.postgres.network import BLOCKING, Network
from minitwit.postgres.sockets import open_socket
from minitwit.postgres.stream import Stream
from minitwit.settings import DatabaseSettings

# What is raised when the connection is lost. Any other exception is a bug, and has to
# reach the error reports as one.
LOST = (InterfaceError, OSError)

# A reply may take as long as its statement; after this many seconds more, the network
# or the server's machine is down and no reply will come.
_REPLY_SLACK = 1.0


def connect(
    settings: DatabaseSettings,
    parameters: Mapping[str, str] = {},
    network: Network = BLOCKING,
) -> tuple[Connection, Stream]:
    """Open a connection with the settings' limits; of several hosts, to the primary.

    Args:
        settings: where the server is, and the limits.
        parameters: of the server, to be set for this connection.
        network: how to wait.

    Returns:
        the connection and the stream under it.

    Raises:
        OSError: no server listens there, or not in time.
        InterfaceError, DatabaseError: the server refuses.

    """
    address = Address.parse(settings.database_url)
    if len(address.hosts) == 1:
        return _connect(settings, address, address.hosts[0], parameters, network)
    failure: Exception = InterfaceError("none of the hosts accepts writes")
    for host in address.hosts:
        try:
            connection, stream = _connect(settings, address, host, parameters, network)
        except (DatabaseError, *LOST) as error:
            # What a server answers says more than that another one does not.
            if not isinstance(failure, DatabaseError):
                failure = error
            continue
        # A server reports in its greeting whether it is a standby.
        if connection.parameter_statuses.get("in_hot_standby") == "off":
            return connection, stream
        disconnect(connection, stream)
    raise failure


def _connect(
    settings: DatabaseSettings,
    address: Address,
    host: str,
    parameters: Mapping[str, str],
    network: Network,
) -> tuple[Connection, Stream]:
    password = settings.database_password
    stream = _open_stream(settings, host, address.port, network)
    try:
        connection = Connection(
            user=address.user,
            # pg8000 fails with an AttributeError when there is none and one is needed.
            password=password.get_secret_value() if password else "",
            database=address.database,
            sock=stream,
            ssl_context=False,
            application_name="minitwit",
            startup_params={
                "statement_timeout": str(settings.statement_timeout_ms),
                "lock_timeout": str(settings.lock_timeout_ms),
                **parameters,
            },
        )
    except BaseException as error:
        stream.close()
        if refusal := _refusal(error):
            raise refusal from None
        raise
    stream.timeout = settings.statement_timeout_ms / 1000 + _REPLY_SLACK
    return connection, stream


def _open_stream(
    settings: DatabaseSettings, host: str, port: int, network: Network
) -> Stream:
    timeout = settings.connect_timeout
    connected = open_socket(host, port, timeout, network)
    # A Unix socket leads to this machine only, and PostgreSQL has no TLS there.
    if settings.database_ca_file is None or host.startswith("/"):
        return Stream(connected, timeout, network)
    stream = EncryptedStream(connected, timeout, network)
    try:
        stream.encrypt(trusting(settings.database_ca_file), host)
    except BaseException:
        stream.close()
        raise
    return stream


def _refusal(error: BaseException | None) -> DatabaseError | None:
    """Return the server's own error, if that is where another one began.

    pg8000 says goodbye to a server that refused it; when that server has hung up
    already, pg8000 raises only that.
    """
    while error and not isinstance(error, DatabaseError):
        error = error.__context__
    return error


def disconnect(connection: Connection, stream: Stream) -> None:
    """Say goodbye to the server, if it is still there, and close the socket."""
    with suppress(*LOST):
        connection.close()
    stream.close()
