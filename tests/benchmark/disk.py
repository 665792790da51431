"""How long the disk takes to flush, which every write waits for."""

import os
import tempfile
import time
from pathlib import Path
from statistics import median

_PAGE = bytes(8192)
_FLUSHES = 50


def flush_milliseconds(folder: Path) -> float:
    """Return the median time of writing and flushing a page in a folder."""
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(_FLUSHES):
            start = time.perf_counter()
            os.pwrite(file.fileno(), _PAGE, 0)
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - start)
    return median(times) * 1000
