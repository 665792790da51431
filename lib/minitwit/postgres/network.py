"""How the driver waits for the network: a protocol, and its blocking implementation.

An event loop is the other implementation: it matches `Network` by its shape, and is
passed to the driver where the application is assembled.
"""

import select
from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class IdleWatch(Protocol):
    """Notices that an idle connection has become readable."""

    def is_readable(self) -> bool:
        """Say whether there is something to read, as when the server hung up."""

    def close(self) -> None:
        """Stop watching; call this before closing the connection."""


class Network(Protocol):
    """Waits for sockets, and for work that would block."""

    def wait_readable(self, descriptor: int, seconds: float, /) -> None:
        """Wait until there is something to read.

        Raises:
            TimeoutError: there was nothing for so many seconds.

        """

    def wait_writable(self, descriptor: int, seconds: float, /) -> None:
        """Wait until the descriptor is writable.

        A socket that is connecting is writable once connect has finished.

        Raises:
            TimeoutError: nothing could be written for so many seconds.

        """

    def watch_idle(self, descriptor: int, /) -> IdleWatch:
        """Return a watch over a connection, for the time in which it is idle."""

    def run_in_thread(self, work: Callable[[], T]) -> T:
        """Run blocking work, such as looking up a host name; return its result."""


class BlockingNetwork:
    """Blocks the calling thread, as is right in a command."""

    def wait_readable(self, descriptor: int, seconds: float, /) -> None:
        """Wait until there is something to read."""
        _poll(descriptor, select.POLLIN, seconds)

    def wait_writable(self, descriptor: int, seconds: float, /) -> None:
        """Wait until something can be written."""
        _poll(descriptor, select.POLLOUT, seconds)

    def watch_idle(self, descriptor: int, /) -> IdleWatch:
        """Return a watch that polls when it is queried."""
        return _PollingWatch(descriptor)

    def run_in_thread(self, work: Callable[[], T]) -> T:
        """Run the work in the calling thread."""
        return work()


class _PollingWatch:
    def __init__(self, descriptor: int) -> None:
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)

    def is_readable(self) -> bool:
        return bool(self._poll.poll(0))

    def close(self) -> None:
        pass


def _poll(descriptor: int, event: int, seconds: float) -> None:
    poll = select.poll()
    poll.register(descriptor, event)
    if not poll.poll(seconds * 1000):
        raise TimeoutError


BLOCKING: Network = BlockingNetwork()
