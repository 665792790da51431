"""Disks of a fixed size, so that a test can fill a droplet's and nothing else."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.swarm.shell import run

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
    run("mount", "-o", "loop", image, folder)
    try:
        yield
    finally:
        run("umount", "--lazy", folder)


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
