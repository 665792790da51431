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
        unsent: what the kernel has not taken yet.

    """

    def __init__(self, stream: socket.socket) -> None:
        self._socket = stream
        self.unsent = _NOTHING
        self._unacknowledged = 0  # bytes when they were counted last

    def send(self, data: bytes) -> None:
        """Send as much as possible of what is unsent, or else of `data`.

        Raises:
            OSError: the connection is lost.

        """
        pending = self.unsent or data
        try:
            sent = self._socket.send(pending) if pending else 0
        except BlockingIOError:
            sent = 0
        self.unsent = memoryview(pending)[sent:] if sent < len(pending) else _NOTHING
        if self.unsent:
            self.is_read()

    def clear(self) -> None:
        """Drop what is unsent."""
        self.unsent = _NOTHING

    def is_read(self) -> bool:
        """Say whether the client has read something since the last call.

        The kernel's buffer may take minutes of what a slow client reads, so what counts
        is what the client's side has acknowledged.
        """
        before = self._unacknowledged
        count = ioctl(self._socket, TIOCOUTQ, bytes(4))
        self._unacknowledged = int.from_bytes(count, sys.byteorder)
        return self._unacknowledged not in (0, before)
