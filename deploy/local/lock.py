"""One system a folder: a lock that lasts until the last process of a run is gone."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.errors import LocalRunError

_PATIENCE = 30


@contextmanager
def exclusive(path: Path) -> Iterator[int]:
    """Hold the lock and yield its descriptor, for supervisord to hold it as well.

    Raises:
        LocalRunError: another run has it.

    """
    with path.open("a+", encoding="ascii") as file:
        _acquire(file.fileno(), path)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield file.fileno()


def _acquire(descriptor: int, path: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not _try(descriptor):
        # A launcher that was killed has left a supervisord which is just ending.
        launcher = path.read_text(encoding="ascii")
        if _is_alive(launcher) or time.monotonic() > deadline:
            raise LocalRunError(
                f"MiniTwit runs here already (process {launcher}): change it with "
                "`make scale`, or stop it with Ctrl-C in its terminal."
            )
        time.sleep(0.1)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_alive(pid: str) -> bool:
    try:
        # Empty for a process that is dead and whose parent has not noticed yet.
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False
