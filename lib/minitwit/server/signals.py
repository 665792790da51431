"""Wakes up the event loop at a signal, so that its handler runs at once."""

import select
import signal
import socket

from minitwit.server.event_loop import EventLoop

_SIGNALS = 64  # at a time


class SignalWatch:
    """Interrupts a loop's wait when a signal arrives.

    Args:
        loop: the event loop of the main thread.

    """

    def __init__(self, loop: EventLoop) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        loop.watch(self._reader.fileno(), select.EPOLLIN, self._on_signal)

    def _on_signal(self, _events: int) -> None:
        self._reader.recv(_SIGNALS)
