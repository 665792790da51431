"""Opens and closes connections to PostgreSQL, with time limits.

Only this module and `prepared_statements` import pg8000.
"""

from collections.abc import Mapping
from contextlib import suppress
from socket import socket

from pg8000.native import Connection as Connection
from pg8000.native import DatabaseError as DatabaseError
from pg8000.native import InterfaceError

from minitwit.postgres.address import Address
from minitwit.postgres.certificate_authority import trusting
from minitwit.postgres.encrypted_stream import EncryptedStream
from minitwit.postgres.network import BLOCKING, Network
from minitwit.postgres.sockets import SocketAddress, look_up, open_socket
from minitwit.postgres.stream import Stream
from minitwit.settings import DatabaseSettings

# What is raised when the connection is lost. Any other exception is a bug, and has to
# reach the error reports as one.
LOST = (InterfaceError, OSError)

# A reply may take as long as its statement; after this many seconds more, the network
# or the server's machine is down and no reply will come.
_REPLY_SLACK = 1.0


class Connector:
    """Opens connections to a database, with the settings' limits.

    It returns to the server that it reached last without looking up its name: Swarm's
    resolver is a part of the engine, which answers late while it starts many containers
    and not at all while it restarts.

    Args:
        settings: where the servers are, and the limits.
        parameters: of the server, to be set for each connection.
        network: how to wait.

    """

    def __init__(
        self,
        settings: DatabaseSettings,
        parameters: Mapping[str, str] = {},
        network: Network = BLOCKING,
    ) -> None:
        self._settings = settings
        self._parameters = parameters
        self._network = network
        self._address = Address.parse(settings.database_url)
        self._last: tuple[str, SocketAddress] | None = None

    def connect(self, looks_up: bool = True) -> tuple[Connection, Stream]:
        """Open a connection; of several hosts, to the primary.

        Args:
            looks_up: look for the server if it is not where it was reached last.

        Returns:
            the connection and the stream under it.

        Raises:
            DatabaseError: a server refuses.
            OSError: no server listens, or takes writes, or not in time.

        """
        if self._last:
            host, address = self._last
            try:
                return self._connect(host, [address])
            except (DatabaseError, *LOST):
                if not looks_up:
                    raise
                # Another container may have the address by now.
                self.forget()
        refusal: Exception | None = None
        failures: list[str] = []
        for host in self._address.hosts:
            try:
                return self._connect(host, self._look_up(host))
            except DatabaseError as error:
                refusal = refusal or error
            except LOST as error:
                failures.append(f"{host}: {error or type(error).__name__}")
        # What a server answers says more than that another one does not.
        raise refusal or OSError("; ".join(failures))

    def forget(self) -> None:
        """Look up the names the next time: it was not the server that was wanted."""
        self._last = None

    def _look_up(self, host: str) -> list[SocketAddress]:
        return look_up(host, self._address.port, self._network)

    def _connect(
        self, host: str, addresses: list[SocketAddress]
    ) -> tuple[Connection, Stream]:
        connected, address = open_socket(
            addresses, self._settings.connect_timeout, self._network
        )
        stream = self._stream(connected, host)
        try:
            connection = self._greet(stream)
        except BaseException as error:
            stream.close()
            if refusal := _refusal(error):
                raise refusal from None
            raise
        # A server reports in its greeting whether it is a standby.
        is_standby = connection.parameter_statuses.get("in_hot_standby") != "off"
        if is_standby and len(self._address.hosts) > 1:
            disconnect(connection, stream)
            raise InterfaceError("takes no writes")
        stream.timeout = self._settings.statement_timeout_ms / 1000 + _REPLY_SLACK
        self._last = host, address
        return connection, stream

    def _stream(self, connected: socket, host: str) -> Stream:
        timeout, ca = self._settings.connect_timeout, self._settings.database_ca_file
        # A Unix socket leads to this machine only, and PostgreSQL has no TLS there.
        if ca is None or host.startswith("/"):
            return Stream(connected, timeout, self._network)
        stream = EncryptedStream(connected, timeout, self._network)
        try:
            stream.encrypt(trusting(ca), host)
        except BaseException:
            stream.close()
            raise
        return stream

    def _greet(self, stream: Stream) -> Connection:
        password = self._settings.database_password
        return Connection(
            user=self._address.user,
            # pg8000 fails with an AttributeError when there is none and one is needed.
            password=password.get_secret_value() if password else "",
            database=self._address.database,
            sock=stream,
            ssl_context=False,
            application_name="minitwit",
            startup_params={
                "statement_timeout": str(self._settings.statement_timeout_ms),
                "lock_timeout": str(self._settings.lock_timeout_ms),
                **self._parameters,
            },
        )


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
