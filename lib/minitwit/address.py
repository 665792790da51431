"""The address of a database, read from a URL."""

import socket
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

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
        """Connect to the server on one of the hosts within so many seconds."""
        if host.startswith("/"):
            stream = socket.socket(socket.AF_UNIX)
            stream.settimeout(timeout)
            try:
                stream.connect(f"{host}/.s.PGSQL.{self.port}")
            except OSError:
                stream.close()
                raise
            return stream
        stream = socket.create_connection((host, self.port), timeout)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNHEARD_MS)
        return stream
