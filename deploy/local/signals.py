"""The signals that end a program, turned into the end of a block."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType


class _StopRequested(BaseException):
    """A signal asks this process to end."""


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """End the block at the first of the signals, and let it tidy up undisturbed."""
    signals = [signal.SIGINT, signal.SIGTERM]
    # nohup asks us to outlive the terminal.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signals.append(signal.SIGHUP)
    requested = False

    def request_stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal requested
        if not requested:
            requested = True
            raise _StopRequested

    for each in signals:
        signal.signal(each, request_stop)
    with suppress(_StopRequested):
        yield
