"""What a client has yet to be sent, and whether it reads what it was sent."""

import socket
import sys
from fcntl import ioctl
from termios import TIOCOUTQ

_NOTHING = memoryview(b"")


class Outgoing:
    """The sending side of a connection.

    Args:
        stream: the socket, which does not block.

    Attributes:
        rest: of what was to be sent, which is unsent.

    """

    def __init__(self, stream: socket.socket) -> None:
        self._socket = stream
        self.rest = _NOTHING
        self._unacknowledged = 0  # bytes when they were counted last

    def send(self, data: bytes) -> None:
        """Send as much as possible of the rest, or else of `data`.

        Raises:
            OSError: the connection is lost.

        """
        unsent = self.rest or data
        try:
            sent = self._socket.send(unsent) if unsent else 0
        except BlockingIOError:
            sent = 0
        self.rest = memoryview(unsent)[sent:] if sent < len(unsent) else _NOTHING
        if self.rest:
            self.is_read()

    def clear(self) -> None:
        """Drop the rest."""
        self.rest = _NOTHING

    def is_read(self) -> bool:
        """Say whether the client has read something since the last call.

        The kernel's buffer may take minutes of what a slow client reads, so what counts
        is what the client's side has acknowledged.
        """
        before = self._unacknowledged
        count = ioctl(self._socket, TIOCOUTQ, bytes(4))
        self._unacknowledged = int.from_bytes(count, sys.byteorder)
        return self._unacknowledged not in (0, before)
