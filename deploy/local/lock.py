"""Exclusive file lock, held until the last process that inherited it has ended."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.errors import LocalRunError

_TIMEOUT = 30  # seconds


@contextmanager
def exclusive(path: Path, refusal: str) -> Iterator[int]:
    """Hold the lock and yield its descriptor, which a child process may inherit.

    Args:
        path: the file that is locked; it names the holder's process.
        refusal: the error message if another process has the lock; {} is its id.

    Raises:
        LocalRunError: another process has it.

    """
    with path.open("a+", encoding="ascii") as file:
        _acquire(file.fileno(), path, refusal)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield file.fileno()


def _acquire(descriptor: int, path: Path, refusal: str) -> None:
    deadline = time.monotonic() + _TIMEOUT
    while not _try(descriptor):
        # The children of a killed holder may still be ending.
        holder = path.read_text(encoding="ascii")
        if _is_alive(holder) or time.monotonic() > deadline:
            raise LocalRunError(refusal.format(holder))
        time.sleep(0.1)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_alive(pid: str) -> bool:
    try:
        # Empty for a zombie.
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False
