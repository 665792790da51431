"""Queue that serves clients in turn, so that none waits for all requests of another."""

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Items of several clients: first in, first out for each, and one client a turn."""

    def __init__(self) -> None:
        # The client whose turn it is comes first.
        self._queues: dict[str, deque[T]] = {}
        self._length = 0

    def __len__(self) -> int:
        """Return how many items all clients have."""
        return self._length

    def append(self, client: str, item: T) -> None:
        """Add an item of a client."""
        self._queues.setdefault(client, deque()).append(item)
        self._length += 1

    def popleft(self) -> T:
        """Remove and return the next item.

        Raises:
            StopIteration: there is none.

        """
        client = next(iter(self._queues))
        queue = self._queues.pop(client)
        if len(queue) > 1:
            self._queues[client] = queue
        self._length -= 1
        return queue.popleft()
