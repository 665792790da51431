"""CPU time of processes: what a request costs, however busy the machine is."""

from collections.abc import Iterable
from pathlib import Path


def seconds(pids: Iterable[int]) -> float:
    """Return how long processes, with their threads and children, ran on a CPU."""
    return sum(_own(pid) for root in pids for pid in family(root))


def backends(postmaster: int, database: str) -> list[int]:
    """Return the server processes of PostgreSQL that work for a database."""
    return [pid for pid in _children(postmaster) if f" {database} " in _title(pid)]


def _own(pid: int) -> float:
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def family(pid: int) -> list[int]:
    return [pid, *(found for child in _children(pid) for found in family(child))]


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def _title(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
