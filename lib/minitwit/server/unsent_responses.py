"""Bounds the memory of responses that slow clients have not read."""

from typing import Protocol

# Bytes of all clients, and of one. The kernel keeps so much of each besides, which is
# plenty for a proxy nearby.
_MAX = 24 * 1024 * 1024
_MAX_OF_CLIENT = 12 * 1024 * 1024
SEND_BUFFER = 256 * 1024


class Sending(Protocol):
    """What is needed of a connection."""

    client: str  # its address

    def close(self) -> None:
        """Close the connection, which calls `remove`."""


class UnsentResponses:
    """The connections with a response that the kernel has not taken in full."""

    def __init__(self) -> None:
        self._sizes: dict[Sending, int] = {}  # bytes, the oldest response first

    def update(self, connection: Sending, size: int) -> None:
        """Take note of a response of so many bytes, or with 0 that all of it was sent.

        Slow readers of large responses would fill the memory; the slowest go first.
        """
        if not size:
            self.remove(connection)
            return
        self._sizes[connection] = size
        while sum(self._sizes.values()) > _MAX and len(self._sizes) > 1:
            next(iter(self._sizes)).close()

    def remove(self, connection: Sending) -> None:
        """Forget a connection, if it has such a response."""
        self._sizes.pop(connection, None)

    def are_too_many(self, client: str) -> bool:
        """Say whether a client has too many large responses that it has not read."""
        if not self._sizes:
            return False
        unsent = sum(size for c, size in self._sizes.items() if c.client == client)
        return unsent > _MAX_OF_CLIENT
