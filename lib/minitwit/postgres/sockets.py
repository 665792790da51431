"""Opens sockets to a PostgreSQL server, with time limits."""

import errno
import os
import socket
from typing import Any

from minitwit.postgres.network import Network

# Drop the connection when sent data stays unacknowledged for so long (milliseconds): a
# lost packet is sent again after 200 ms, so this survives one loss, but not two.
_UNACKNOWLEDGED_MS = 500


SocketAddress = tuple[int, Any]  # the address family, and an address in its form


def look_up(host: str, port: int, network: Network) -> list[SocketAddress]:
    """Return the addresses of a server.

    Args:
        host: a name, an address, or the folder of a Unix socket.
        port: of the server; it is part of a Unix socket's name.
        network: how to wait.

    Raises:
        OSError: the name is not known, or not in time.

    """
    if host.startswith("/"):
        return [(socket.AF_UNIX, f"{host}/.s.PGSQL.{port}")]
    # An unreachable resolver blocks for many seconds.
    found = network.run_in_thread(
        lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    )
    return [(family, address) for family, _, _, _, address in found]


def open_socket(
    addresses: list[SocketAddress], timeout: float, network: Network
) -> tuple[socket.socket, SocketAddress]:
    """Connect to the first address of a server that answers; return it as well.

    Args:
        addresses: of the server, at least one.
        timeout: seconds for each of the addresses.
        network: how to wait.

    Raises:
        OSError: no server listens there, or not in time.

    """
    failure = OSError()
    for address in addresses:
        try:
            return _connected(*address, timeout, network), address
        except OSError as error:
            failure = error
    raise failure


def _connected(
    family: int, address: Any, timeout: float, network: Network
) -> socket.socket:
    connecting = socket.socket(family, socket.SOCK_STREAM)
    try:
        connecting.setblocking(False)
        code = connecting.connect_ex(address)
        if code == errno.EINPROGRESS:
            network.wait_writable(connecting.fileno(), timeout)
            code = connecting.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
        connecting.setblocking(True)
        if family != socket.AF_UNIX:
            _configure(connecting)
    except BaseException:
        connecting.close()
        raise
    return connecting


def _configure(connected: socket.socket) -> None:
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connected.setsockopt(
        socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS
    )
