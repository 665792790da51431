"""supervisord that outlives a full disk: runs the program with tolerant logging.

By itself it reports a log line that cannot be written to standard error, which is a
file on the same disk, and that error ends it and everything that it supervises.
"""

from contextlib import suppress

from supervisor import loggers
from supervisor.supervisord import main

_roll_over = loggers.RotatingFileHandler.doRollover


def _ignore_write_error(_handler: loggers.Handler) -> None:
    """Do nothing: the launcher says that the disk is full."""


def _roll_over_if_possible(handler: loggers.RotatingFileHandler) -> None:
    with suppress(OSError, ValueError):
        _roll_over(handler)
    if handler.stream.closed:
        with suppress(OSError):
            handler.stream = open(handler.baseFilename, "ab")


if __name__ == "__main__":
    loggers.Handler.handleError = _ignore_write_error
    loggers.RotatingFileHandler.doRollover = _roll_over_if_possible
    main()
