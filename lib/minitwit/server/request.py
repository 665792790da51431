"""A request as a WSGI environment (PEP 3333), or the reason why it is none."""

import re
import sys
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

# RFC 9110, 7.2: a name, or an address in brackets, and perhaps a port.
HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._~%!$&'()*+,;=-]*)(:[0-9]*)?")
_ABSOLUTE_TARGET = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)")

# The name of a server whose client names none, as in HTTP/1.0.
SERVER_NAME = "localhost"

# Names of headers that are kept, and bytes of each.
_MOST_KEPT = 1024
_LONGEST_KEPT = 64

Environ = dict[str, Any]


class ProtocolError(Exception):
    """The client does not follow the protocol.

    Args:
        status: to answer.
        message: what is wrong.

    """

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """A request that has arrived in full, or is too large to be read."""

    environ: Environ
    keeps_alive: bool

    @property
    def is_proxied(self) -> bool:
        """Say whether a proxy sent it for its client."""
        return "HTTP_X_FORWARDED_FOR" in self.environ

    @property
    def client(self) -> str:
        """Return the address of the client, as far as proxies tell."""
        environ = self.environ
        client: str = environ.get("HTTP_X_FORWARDED_FOR") or environ["REMOTE_ADDR"]
        return client


def connection_environ(client: tuple[str, int], port: int) -> Environ:
    """Return what the requests of a connection have in common, for WSGI."""
    return {
        "SCRIPT_NAME": "",
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "SERVER_NAME": SERVER_NAME,
        "SERVER_PORT": str(port),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }


class _Keys(dict[bytes, str | None]):
    """Names of headers in WSGI; None for one that could pass for another's.

    It keeps a limited number of short names, so no client can fill the memory.
    """

    def __missing__(self, name: bytes) -> str | None:
        key = None
        if b"_" not in name:
            key = name.decode("latin-1").upper().replace("-", "_")
            if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                key = f"HTTP_{key}"
        if len(name) <= _LONGEST_KEPT and len(self) < _MOST_KEPT:
            self[name] = key
        return key


ENVIRON_KEYS = _Keys()


def split_target(url: bytes) -> tuple[str | None, str, str]:
    """Return a target's host, if it names one, its decoded path, and its query."""
    host = None
    if not url.startswith(b"/") and (absolute := _ABSOLUTE_TARGET.match(url)):
        host = absolute[1].decode("latin-1")
        url = url[absolute.end() :]
        if not url.startswith(b"/"):
            url = b"/" + url
    path, _, query = url.partition(b"#")[0].partition(b"?")
    if b"%" in path:
        path = unquote_to_bytes(path)
    return host, path.decode("latin-1"), query.decode("latin-1")
