"""Context manager that ends its block at SIGINT, SIGTERM or SIGHUP."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType


class _StopRequested(BaseException):
    """A termination signal has arrived."""


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """End the block at the first signal; later ones do not disturb its cleanup."""
    signals = [signal.SIGINT, signal.SIGTERM]
    # Under nohup the process outlives its terminal.
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
