"""Report of an import: one tab-separated line for each row rejected or changed."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from minitwit.errors import MiniTwitError

# A value of the file stands in the line: it must not end the line or its field.
_ESCAPES = str.maketrans({"\t": r"\t", "\n": r"\n", "\r": r"\r", "\x00": r"\0"})


class UnwritableReport(MiniTwitError):
    """The report cannot be written."""


class ReportFile:
    """An open report, and how many rows of each table are in it."""

    def __init__(self, path: Path, lines: TextIO) -> None:
        self.path = path
        self.rejected_rows: Counter[str] = Counter()
        self.changed_rows: Counter[str] = Counter()
        self._lines = lines

    def rejected(self, table: str, row: str, reason: str) -> None:
        """Record a row that was left out."""
        self.rejected_rows[table] += 1
        self._write("rejected", table, row, reason)

    def changed(self, table: str, row: str, change: str) -> None:
        """Record a row that was imported with a change."""
        self.changed_rows[table] += 1
        self._write("changed", table, row, change)

    def flush(self) -> None:
        """Write what is still in memory.

        Raises:
            UnwritableReport: the disk is full, for instance.

        """
        try:
            self._lines.flush()
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def _write(self, *fields: str) -> None:
        line = "\t".join(field.translate(_ESCAPES) for field in fields)
        try:
            self._lines.write(f"{line}\n")
        except OSError as error:
            raise _unwritable(self.path, error) from error


@contextmanager
def open_report(path: Path, source: Path) -> Iterator[ReportFile]:
    """Open the report of the import of a file.

    Raises:
        UnwritableReport: it cannot be written, or would overwrite the file.

    """
    try:
        if _belongs_to(source, path):
            raise UnwritableReport(
                f"{path} is the file to import, or a part of it: name another one with "
                "--report."
            )
        # Bytes that are not UTF-8 can be part of a row's id.
        lines = path.open("w", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise _unwritable(path, error) from error
    report = ReportFile(path, lines)
    try:
        yield report
    finally:
        # flush() has reported what cannot be written.
        with suppress(OSError):
            lines.close()


def _belongs_to(source: Path, path: Path) -> bool:
    """Return whether a path is that of an SQLite file, its log or its journal."""
    parts = (f"{source.resolve()}{end}" for end in ("", "-wal", "-shm", "-journal"))
    is_link = path.exists() and path.samefile(source)
    return is_link or str(path.resolve()) in parts


def _unwritable(path: Path, error: OSError) -> UnwritableReport:
    return UnwritableReport(
        f"The report {path} cannot be written ({error.strerror}): name another file "
        "with --report."
    )
