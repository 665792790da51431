"""The text format of PostgreSQL's COPY, in chunks.

https://www.postgresql.org/docs/18/sql-copy.html
"""

from collections.abc import Iterable, Iterator
from itertools import islice

# Large enough to make few round trips, small enough to keep memory flat.
_ROWS_PER_CHUNK = 500

_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def copy_chunks(rows: Iterable[tuple[str | int, ...]]) -> Iterator[bytes]:
    """Yield the rows as COPY reads them, some hundreds in a chunk."""
    lines = map(_line, rows)
    while chunk := "".join(islice(lines, _ROWS_PER_CHUNK)):
        yield chunk.encode()


def _line(row: tuple[str | int, ...]) -> str:
    return "\t".join(str(value).translate(_ESCAPES) for value in row) + "\n"
