"""Free loopback ports outside the kernel's ephemeral range.

An outgoing connection gets a port of the ephemeral range, and could get that of a
replica that is restarting. While a block holds the ports, other local runs see them as
taken, yet the process they are meant for can listen on them.
"""

import errno
import random
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path

from deploy.local.errors import LocalRunError

LOOPBACK = "127.0.0.1"

_LOWEST = 10_000
_HIGHEST = 65_535
_USUAL_EPHEMERAL_START = 32_768
_EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def parse_port(text: str) -> int:
    """Read a port; 0 stands for a free one.

    Raises:
        LocalRunError: it is none.

    """
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > _HIGHEST:
        raise LocalRunError(
            f"PORT: {text!r} is not a number from 1 to {_HIGHEST}: choose one, as in "
            "`make up PORT=5000`."
        )
    return int(text)


@contextmanager
def free_ports(count: int) -> Iterator[list[int]]:
    """Yield so many free ports and hold them until the block ends.

    Raises:
        LocalRunError: there are not so many.

    """
    candidates = list(range(_LOWEST, _ephemeral_start()))
    random.shuffle(candidates)
    with ExitStack() as held:
        holders = list(islice(filter(None, map(_hold, candidates)), count))
        for holder in holders:
            held.enter_context(holder)
        if len(holders) < count:
            raise LocalRunError(f"There are no {count} free ports on this machine.")
        yield [holder.getsockname()[1] for holder in holders]


def require_free(port: int) -> None:
    """Check that a server could listen on localhost at this port.

    Raises:
        LocalRunError: it could not.

    """
    # A browser tries ::1 first, so that has to be free although nothing listens there.
    _try_to_listen(socket.AF_INET, LOOPBACK, port)
    if socket.has_ipv6:
        _try_to_listen(socket.AF_INET6, "::1", port)


def _hold(port: int) -> socket.socket | None:
    holder = socket.socket()
    try:
        holder.bind((LOOPBACK, port))
    except OSError:
        holder.close()
        return None
    # Set after bind, so that only sockets which set it before binding, as servers do,
    # can share the port with this one, which never listens.
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return holder


def _try_to_listen(family: socket.AddressFamily, host: str, port: int) -> None:
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            _explain(error, port)


def _explain(error: OSError, port: int) -> None:
    if error.errno == errno.EADDRINUSE:
        raise LocalRunError(
            f"Port {port} is in use: stop what uses it, or choose another one, as in "
            f"`make up PORT={port + 1 if port < _HIGHEST else port - 1}`."
        ) from None
    if error.errno == errno.EACCES:
        raise LocalRunError(
            f"Port {port} is for root: choose one above 1023, as in "
            "`make up PORT=5000`."
        ) from None
    if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        raise error


def _ephemeral_start() -> int:
    try:
        return int(_EPHEMERAL_RANGE.read_text(encoding="ascii").split()[0])
    except OSError:
        return _USUAL_EPHEMERAL_START
