"""The address of a database, read from a URL."""

import errno
import os
import socket
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from minitwit.server.event_loop import run_in_thread, wait_writable

# The network has swallowed what we sent when nobody has confirmed it for so long: one
# lost packet is sent again after 200 ms, so this forgives one and not two.
_UNHEARD_MS = 500


@dataclass(frozen=True)
class Address:
    """Where a database is and who comes to it."""

    user: str
    database: str
    hosts: tuple[str, ...]
    port: int

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read postgresql://user@host:port/name; ?host=/folder means a socket.

        Several hosts with a comma between them are one database: a primary and its
        standbys, of which any may be the primary today.

        Raises:
            ValueError: the URL lacks a part or holds a password.

        """
        parts = urlsplit(url)
        if parts.password:
            raise ValueError(
                "take the password out of the URL and name a file with it in "
                "MINITWIT_DATABASE_PASSWORD_FILE"
            )
        host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
        hosts = tuple(host.split(","))
        database = parts.path.removeprefix("/")
        user = unquote(parts.username or "")
        if parts.scheme != "postgresql" or not (user and database and all(hosts)):
            raise ValueError("write postgresql://user@host:port/database")
        return cls(user, database, hosts, parts.port or 5432)

    def open_socket(self, host: str, timeout: float) -> socket.socket:
        """Connect to the server on one of the hosts within so many seconds.

        Raises:
            OSError: nobody listens there, or not in time.

        """
        if host.startswith("/"):
            return _connected(socket.AF_UNIX, f"{host}/.s.PGSQL.{self.port}", timeout)
        failure = OSError(f"{host} has no address")
        # A resolver that is away may take its time.
        for family, _, _, _, place in run_in_thread(
            lambda: socket.getaddrinfo(host, self.port, type=socket.SOCK_STREAM)
        ):
            try:
                stream = _connected(family, place, timeout)
            except OSError as error:
                failure = error
                continue
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNHEARD_MS)
            return stream
        raise failure


def _connected(family: int, place: Any, timeout: float) -> socket.socket:
    stream = socket.socket(family, socket.SOCK_STREAM)
    try:
        stream.setblocking(False)
        code = stream.connect_ex(place)
        if code == errno.EINPROGRESS:
            wait_writable(stream.fileno(), timeout)
            code = stream.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
        stream.setblocking(True)
    except BaseException:
        stream.close()
        raise
    return stream
