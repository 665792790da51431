"""Parses the URL of a database."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qs, quote, unquote, urlsplit


@dataclass(frozen=True)
class Address:
    """Where a database is, and the role that connects to it."""

    user: str
    database: str
    hosts: tuple[str, ...]
    port: int

    @classmethod
    def parse(cls, url: str) -> Self:
        """Parse postgresql://user@host:port/name; ?host=/folder is a Unix socket.

        Several hosts, separated by commas, are one database: a primary and its
        standbys, any of which may be the primary at the moment.

        Raises:
            ValueError: the URL lacks a part or holds a password.

        """
        parts = urlsplit(url)
        if parts.password:
            raise ValueError(
                "take the password out of the URL and name a file with it in "
                "MINITWIT_DATABASE_PASSWORD_FILE"
            )
        query = parse_qs(parts.query, keep_blank_values=True)
        host = query.pop("host", [parts.hostname or ""])[0]
        if query or parts.fragment:
            unknown = ", ".join(query) or f"#{parts.fragment}"
            raise ValueError(f"take {unknown} out of the URL: only host is supported")
        hosts = tuple(host.split(","))
        database = unquote(parts.path.removeprefix("/"))
        user = unquote(parts.username or "")
        if parts.scheme != "postgresql" or not (user and database and all(hosts)):
            raise ValueError("write postgresql://user@host:port/database")
        return cls(user, database, hosts, parts.port or 5432)

    def url(self, host: str) -> str:
        """Return the URL of this database at one of its hosts."""
        user, database = quote(self.user), quote(self.database)
        return f"postgresql://{user}@:{self.port}/{database}?host={quote(host)}"


def complete(url: str) -> str:
    """Return the URL of a database; see `Address.parse`.

    Raises:
        ValueError: the URL lacks a part or holds a password.

    """
    Address.parse(url)
    return url
