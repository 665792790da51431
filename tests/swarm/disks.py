"""Disks of a fixed size, so that a test can fill a droplet's and nothing else."""

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.swarm.shell import run

_LOOP_CTL_GET_FREE = 0x4C82
_LOOP_MAJOR = 7
_SIZE = 10 * 2**30  # bytes; the file that holds a disk takes what is written, no more


@contextmanager
def mounted_disk(folder: Path) -> Iterator[None]:
    """Mount a file system of its own at a folder, until the block ends."""
    image = folder.with_suffix(".image")
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(_SIZE)
    # A power cut takes the processes and not this machine, so no journal is needed.
    run("mkfs.ext4", "-q", "-O", "^has_journal", "-m", "0", image)
    run("mount", "-o", f"loop={_free_loop_device()}", image, folder)
    try:
        yield
    finally:
        run("umount", "--lazy", folder)


def _free_loop_device() -> Path:
    with Path("/dev/loop-control").open("rb") as control:
        number = fcntl.ioctl(control, _LOOP_CTL_GET_FREE)
    device = Path(f"/dev/loop{number}")
    # In a container of CI there are only the devices that its host had at its start.
    if not device.exists():
        os.mknod(device, 0o660 | stat.S_IFBLK, os.makedev(_LOOP_MAJOR, number))
    return device


@contextmanager
def filled(folder: Path, leave: float) -> Iterator[None]:
    """Fill the disk of a folder, until the block ends.

    Args:
        folder: on the disk.
        leave: the share of the disk that stays free.

    """
    ballast = folder / "ballast"
    usage = shutil.disk_usage(folder)
    try:
        with ballast.open("wb") as file:
            size = max(1, usage.free - int(leave * usage.total))
            os.posix_fallocate(file.fileno(), 0, size)
        yield
    finally:
        ballast.unlink()
