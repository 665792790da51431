"""Rows in the text format of PostgreSQL's COPY.

https://www.postgresql.org/docs/18/sql-copy.html
"""

from collections.abc import Iterable, Iterator
from itertools import islice

# Enough that a chunk's journey costs little, few enough that memory stays flat.
_ROWS_PER_CHUNK = 500

_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def copy_chunks(rows: Iterable[tuple[str | int, ...]]) -> Iterator[bytes]:
    """Yield the rows, some hundreds at a time."""
    lines = map(_line, rows)
    while chunk := "".join(islice(lines, _ROWS_PER_CHUNK)):
        yield chunk.encode()


def _line(row: tuple[str | int, ...]) -> str:
    return "\t".join(str(value).translate(_ESCAPES) for value in row) + "\n"
