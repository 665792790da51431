"""Opens sockets to a PostgreSQL server, with time limits."""

import errno
import os
import socket
from typing import Any

from minitwit.postgres.network import Network

# Drop the connection when sent data stays unacknowledged for so long (milliseconds): a
# lost packet is sent again after 200 ms, so this survives one loss, but not two.
_UNACKNOWLEDGED_MS = 500


def open_socket(
    host: str, port: int, timeout: float, network: Network
) -> socket.socket:
    """Connect to a server.

    Args:
        host: a name, an address, or the folder of a Unix socket.
        port: of the server; it is part of a Unix socket's name.
        timeout: seconds for each of the host's addresses.
        network: how to wait.

    Raises:
        OSError: no server listens there, or not in time.

    """
    if host.startswith("/"):
        path = f"{host}/.s.PGSQL.{port}"
        return _connected(socket.AF_UNIX, path, timeout, network)
    failure = OSError(f"{host} has no address")
    # An unreachable resolver blocks for many seconds.
    addresses = network.run_in_thread(
        lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    )
    for family, _, _, _, address in addresses:
        try:
            connected = _connected(family, address, timeout, network)
        except OSError as error:
            failure = error
            continue
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connected.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS
        )
        return connected
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
    except BaseException:
        connecting.close()
        raise
    return connecting
