"""CPU quota for processes by cgroup, like a container's `limits`."""

import itertools
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.benchmark import cpu

_ROOT = Path("/sys/fs/cgroup")
_PERIOD = 100_000  # microseconds
_number = itertools.count()


@contextmanager
def limited(pids: Iterable[int], cores: float) -> Iterator[None]:
    """Let processes and their children share so many cores until the block ends.

    They go before other work on the machine, so that they get what they may use.

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
            (group / "cpu.weight").write_text("1000")  # instead of 100
        else:
            (group / "cpu.cfs_period_us").write_text(str(_PERIOD))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
            (group / "cpu.shares").write_text("10240")  # instead of 1024
        for pid in pids:
            _move(cpu.family(pid), group)
        try:
            yield
        finally:
            # Children that were started meanwhile are in the group as well.
            while members := (group / "cgroup.procs").read_text().split():
                _move(members, root)
    finally:
        group.rmdir()


def _move(members: Iterable[int | str], group: Path) -> None:
    for member in members:
        with suppress(ProcessLookupError):  # It has ended.
            (group / "cgroup.procs").write_text(str(member))
