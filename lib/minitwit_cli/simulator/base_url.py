"""Base URL of a MiniTwit: http or https, host, port and a prefix of all paths."""

from typing import NamedTuple
from urllib.parse import quote, urlsplit

from minitwit.errors import MiniTwitError


class InvalidURL(MiniTwitError):
    """The address is no http://host[:port] or https://host[:port]."""


class BaseURL(NamedTuple):
    """The parts of a base URL; the prefix has no slash at its end."""

    is_encrypted: bool
    host: str
    port: int
    prefix: str


def parse_base_url(url: str) -> BaseURL:
    """Read a base URL.

    Raises:
        InvalidURL: it is malformed, or has parts that would be ignored.

    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidURL(f"{url!r}: {error}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise InvalidURL(f"{url!r} is no http://host[:port] or https://host[:port]")
    if "@" in parts.netloc or "?" in url or "#" in url:
        raise InvalidURL(f"{url!r}: leave out the user, the query and the fragment")
    is_encrypted = parts.scheme == "https"
    prefix = quote(parts.path.rstrip("/"), safe="/%")
    return BaseURL(is_encrypted, host, port or (443 if is_encrypted else 80), prefix)
