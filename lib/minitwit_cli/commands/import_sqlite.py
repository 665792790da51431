"""`minitwit import-sqlite FILE`: take over the data of an older MiniTwit, once."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TextIO

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from minitwit.errors import DatabaseRefused
from minitwit.settings import DatabaseSettings
from minitwit.web.routes import reserved_names
from minitwit_cli.importer.copying import copy_chunks
from minitwit_cli.importer.sqlite import LegacyFile, Row
from minitwit_cli.maintenance.admin_connection import (
    AdminConnection,
    open_admin_connection,
)

# Whoever imports waits as long as it takes; nobody else uses the database yet.
_LIMITS = {"lock_timeout_ms": 4_000, "statement_timeout_ms": 6 * 3600 * 1000}

_STEP = 1000  # rows between two movements of the progress bar

# What is copied where, in the order of the references between the tables.
_TARGETS = {
    "user": "users (id, username, email, password_hash)",
    "follower": "follows (id, follower_id, followed_id)",
    "message": "messages (id, author_id, pub_date, flagged, content)",
}

# The next id comes after the highest that was imported.
_SEQUENCES = """
SELECT setval(pg_get_serial_sequence('users', 'id'), coalesce(max(id), 0) + 1, false)
FROM users;
SELECT setval(pg_get_serial_sequence('follows', 'id'), coalesce(max(id), 0) + 1, false)
FROM follows;
SELECT setval(pg_get_serial_sequence('messages', 'id'), coalesce(max(id), 0) + 1, false)
FROM messages;
"""


class _Findings:
    """Counts what could not be taken as it was, and writes it down row by row."""

    def __init__(self, lines: TextIO) -> None:
        self.rejected_rows: Counter[str] = Counter()
        self.changed_rows: Counter[str] = Counter()
        self._lines = lines

    def rejected(self, table: str, row: str, reason: str) -> None:
        self.rejected_rows[table] += 1
        self._lines.write(f"rejected\t{table}\t{row}\t{reason}\n")

    def changed(self, table: str, row: str, what: str) -> None:
        self.changed_rows[table] += 1
        self._lines.write(f"changed\t{table}\t{row}\t{what}\n")


@click.command("import-sqlite")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("import-report.tsv"),
    show_default=True,
    help="Where every row that was left out or changed is written down.",
)
@click.option("--dry-run", is_flag=True, help="Do everything, then take it back.")
def import_sqlite(file: Path, report: Path, dry_run: bool) -> None:
    """Import the SQLite FILE of an older MiniTwit into an empty database.

    Ids, times, flags and passwords are kept. It is one transaction: everything that
    fits is there afterwards, or nothing. Reads MINITWIT_DATABASE_URL and
    MINITWIT_DATABASE_PASSWORD_FILE; the role in the URL must own the database.
    """
    settings = DatabaseSettings.from_environment(os.environ).model_copy(update=_LIMITS)
    start = perf_counter()
    with ExitStack() as stack:
        findings = _Findings(stack.enter_context(report.open("w", encoding="utf-8")))
        legacy = stack.enter_context(
            closing(LegacyFile(file, findings, reserved_names()))
        )
        script = stack.enter_context(open_admin_connection(settings))
        progress = stack.enter_context(_progress_bar())
        taken = _import(script, legacy, progress, dry_run)
    seconds = perf_counter() - start
    for table, count in taken.items():
        click.echo(
            f"{table}: {count} taken, {findings.rejected_rows[table]} rejected, "
            f"{findings.changed_rows[table]} changed"
        )
    rows = sum(taken.values())
    click.echo(f"{rows} rows in {seconds:.1f} s: {rows / seconds:,.0f} a second.")
    if findings.rejected_rows or findings.changed_rows:
        click.echo(f"{report} says which rows were rejected or changed, and why.")
    if dry_run:
        click.echo("Nothing was kept: this was a dry run.")


def _import(
    script: AdminConnection, legacy: LegacyFile, progress: Progress, dry_run: bool
) -> Counter[str]:
    taken: Counter[str] = Counter()
    script.run("BEGIN")
    script.run("LOCK TABLE users, follows, messages IN SHARE ROW EXCLUSIVE MODE")
    _require_empty(script)
    for table, read in _readers(legacy).items():
        task = progress.add_task(table, total=legacy.count(table))
        rows = _counted(table, read(), taken, partial(progress.advance, task, _STEP))
        script.copy(f"COPY {_TARGETS[table]} FROM STDIN", copy_chunks(rows))
        progress.update(task, completed=legacy.count(table))
    if dry_run:
        script.run("ROLLBACK")
    else:
        script.run(_SEQUENCES)
        script.run("COMMIT")
        script.run("ANALYZE users, follows, messages")
    return taken


def _readers(legacy: LegacyFile) -> dict[str, Callable[[], Iterator[Row]]]:
    return {
        "user": legacy.users,
        "follower": legacy.follows,
        "message": legacy.messages,
    }


def _require_empty(script: AdminConnection) -> None:
    if script.run("SELECT FROM users LIMIT 1"):
        raise DatabaseRefused(
            "The database has users already, whose ids could be others' in the file: "
            "import into an empty database."
        )


def _counted(
    table: str, rows: Iterable[Row], taken: Counter[str], advance: Callable[[], None]
) -> Iterator[Row]:
    for row in rows:
        taken[table] += 1
        if taken[table] % _STEP == 0:
            advance()
        yield row


def _progress_bar() -> Progress:
    return Progress(
        "{task.description}",
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
