"""CPU quota for a process by cgroup, like a container's `limits`."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmark import cpu

_ROOT = Path("/sys/fs/cgroup")
_PERIOD = 100_000  # microseconds
_number = itertools.count()


@contextmanager
def limited(pid: int, cores: float) -> Iterator[None]:
    """Let a process and its children use so many cores until the block ends.

    Raises:
        OSError: cgroups cannot be created on this machine.

    """
    is_second_version = (_ROOT / "cgroup.controllers").exists()
    root = _ROOT if is_second_version else _ROOT / "cpu"
    group = root / f"minitwit-benchmark-{os.getpid()}-{next(_number)}"
    group.mkdir()
    try:
        quota = round(cores * _PERIOD)
        if is_second_version:
            (group / "cpu.max").write_text(f"{quota} {_PERIOD}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(_PERIOD))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        _move(pid, group)
        try:
            yield
        finally:
            _move(pid, root)
    finally:
        group.rmdir()


def _move(pid: int, group: Path) -> None:
    for member in cpu.family(pid):
        (group / "cgroup.procs").write_text(str(member))
