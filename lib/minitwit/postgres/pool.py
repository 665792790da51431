"""Connection pool: lends connections, and hands returned ones to those that wait."""

import os
from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, Self, TypeVar

from minitwit.postgres.network import Network


class Pooled(Protocol):
    """What the pool needs of a connection."""

    def is_dead(self) -> bool:
        """Say whether the server hung up."""

    def close(self) -> object:
        """Close the connection."""


C = TypeVar("C", bound=Pooled)


class Pool(Generic[C]):
    """Connections of one process. The one used last is used first.

    Several threads may call it at once: each step is one atomic operation of a list, a
    set or a deque.

    Args:
        network: how to wait for a connection.

    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._idle: list[C] = []
        self._lent: set[C] = set()
        self._attempts: set[object] = set()
        self._waiting: deque[_Waiter[C]] = deque()

    @property
    def lends_one(self) -> bool:
        """Say whether a connection is in use, and will be returned."""
        return bool(self._lent)

    @property
    def expects_one(self) -> bool:
        """Say whether a connection is in use, or being opened."""
        return bool(self._lent or self._attempts)

    def take(self) -> C | None:
        """Lend an idle connection, if there is one."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_dead():
                self._lent.add(connection)
                return connection
            connection.close()
        return None

    def open(self, connect: Callable[[], C]) -> C:
        """Lend a new connection; raise what `connect` raises."""
        attempt = object()
        self._attempts.add(attempt)
        try:
            connection = connect()
        except BaseException:
            self._attempts.discard(attempt)
            # Those that wait go on waiting for a connection in use, in their order.
            if not self.expects_one:
                self._wake_all()
            raise
        self._lent.add(connection)
        self._attempts.discard(attempt)
        return connection

    def wait(self, seconds: float) -> C | None:
        """Lend the next connection that is returned; None if one is lost instead.

        Raises:
            TimeoutError: none was returned in time.

        """
        with _Waiter[C]() as waiter:
            self._waiting.append(waiter)
            # Another thread may have returned one meanwhile.
            if self._idle and self._stop_waiting(waiter):
                return self.take()
            try:
                self._network.wait_readable(waiter.descriptor, seconds)
            except TimeoutError:
                if self._stop_waiting(waiter):
                    raise
                self._network.wait_readable(waiter.descriptor, seconds)
        connection = waiter.connection
        if connection and connection.is_dead():
            self.discard(connection)
            return None
        return connection

    def give_back(self, connection: C) -> None:
        """Take a connection back, for the next statement."""
        if waiter := self._longest_waiting():
            waiter.wake(connection)
        else:
            self._lent.discard(connection)
            self._idle.append(connection)

    def discard(self, connection: C) -> None:
        """Close a connection that cannot be used any more."""
        connection.close()
        self._lent.discard(connection)
        # There may be room for another one, or no other to wait for.
        self._wake_all()

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def _wake_all(self) -> None:
        while waiter := self._longest_waiting():
            waiter.wake(None)

    def _longest_waiting(self) -> "_Waiter[C] | None":
        # Rarely does one wait, and raising an exception takes ten times as long.
        if not self._waiting:
            return None
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def _stop_waiting(self, waiter: "_Waiter[C]") -> bool:
        """Return False when the waiter is being woken up by another thread."""
        try:
            self._waiting.remove(waiter)
        except ValueError:
            return False
        return True


class _Waiter(Generic[C]):
    """A task or thread that waits for a connection, woken up by a descriptor."""

    def __init__(self) -> None:
        self.descriptor = os.eventfd(0)
        self.connection: C | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)

    def wake(self, connection: C | None) -> None:
        self.connection = connection
        os.eventfd_write(self.descriptor, 1)
