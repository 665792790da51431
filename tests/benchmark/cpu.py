"""CPU time of processes: the cost of a request, independent of other load.

A process may end while it is looked at, as PostgreSQL's workers do; it counts no more.
"""

from collections.abc import Iterable
from pathlib import Path

_ENDED = (FileNotFoundError, ProcessLookupError)


def seconds(pids: Iterable[int]) -> float:
    """Return how long processes, with their threads and children, ran on a CPU."""
    return sum(_own(pid) for root in pids for pid in family(root))


def backends(postmaster: int, database: str) -> list[int]:
    """Return the server processes of PostgreSQL that work for a database."""
    return children(postmaster, database)


def children(pid: int, word: str) -> list[int]:
    """Return the children of a process that have a word in their title."""
    return [child for child in _children(pid) if f" {word} " in _title(child)]


def family(pid: int) -> list[int]:
    """Return a process and whatever it has started."""
    return [pid, *(found for child in _children(pid) for found in family(child))]


def _own(pid: int) -> float:
    total = 0
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    except _ENDED:
        return 0.0
    return total / 1e9


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except _ENDED:
        return []
    return [int(child) for child in text.split()]


def _title(pid: int) -> str:
    try:
        title = Path(f"/proc/{pid}/cmdline").read_bytes()
    except _ENDED:
        return ""
    return title.replace(b"\0", b" ").decode()
