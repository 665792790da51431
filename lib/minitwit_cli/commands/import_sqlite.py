"""`minitwit import-sqlite FILE`: import the data of an older MiniTwit."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from time import perf_counter

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from minitwit.errors import DatabaseRefused
from minitwit.settings import DatabaseSettings
from minitwit.web.reserved_names import reserved_names
from minitwit_cli.importer.copy_format import copy_chunks
from minitwit_cli.importer.legacy_file import LegacyFile
from minitwit_cli.importer.report_file import ReportFile, open_report
from minitwit_cli.importer.sqlite_file import Row
from minitwit_cli.maintenance.admin_connection import (
    AdminConnection,
    open_admin_connection,
)

# An import may take hours: nothing else uses the database yet.
_LIMITS = {"lock_timeout_ms": 4_000, "statement_timeout_ms": 6 * 3600 * 1000}

_STEP = 1000  # rows between two movements of the progress bar

# What is copied where, in the order of the references between the tables.
_TARGETS = {
    "user": "users (id, username, email, password_hash)",
    "follower": "follows (id, follower_id, followed_id)",
    "message": "messages (id, author_id, pub_date, flagged, content)",
}

# The next id comes after the highest that was imported, and is at least 1.
_SEQUENCES = """
SELECT setval(pg_get_serial_sequence('users', 'id'), greatest(max(id), 0) + 1, false)
FROM users;
SELECT setval(pg_get_serial_sequence('follows', 'id'), greatest(max(id), 0) + 1, false)
FROM follows;
SELECT setval(pg_get_serial_sequence('messages', 'id'), greatest(max(id), 0) + 1, false)
FROM messages;
"""


@click.command("import-sqlite")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("import-report.tsv"),
    show_default=True,
    help="Where to list every row that was rejected or changed, and why.",
)
@click.option("--dry-run", is_flag=True, help="Do everything, then roll it back.")
def import_sqlite(file: Path, report: Path, dry_run: bool) -> None:
    """Import the SQLite FILE of an older MiniTwit into an empty database.

    Ids, times, flags and passwords are kept. It is one transaction: everything that
    is valid is there afterwards, or nothing. Exits with 1 as well if more rows were
    rejected than imported. Reads MINITWIT_DATABASE_URL and
    MINITWIT_DATABASE_PASSWORD_FILE; the role in the URL must own the database.
    """
    settings = DatabaseSettings.from_environment(os.environ).model_copy(update=_LIMITS)
    start = perf_counter()
    with ExitStack() as stack:
        findings = stack.enter_context(open_report(report, file))
        legacy = stack.enter_context(
            closing(LegacyFile(file, findings, reserved_names()))
        )
        connection = stack.enter_context(open_admin_connection(settings))
        progress = stack.enter_context(_progress_bar())
        imported = _import(connection, legacy, findings, progress, dry_run)
    _summarize(imported, findings, perf_counter() - start)
    if dry_run:
        click.echo("Nothing was kept: this was a dry run.")
    else:
        click.echo("Run `minitwit index-mentions` to find the mentions in them.")
    if findings.rejected_rows.total() > imported.total():
        raise click.ClickException(
            f"More rows were rejected than imported: read {report} before you use "
            "the database."
        )


def _import(
    connection: AdminConnection,
    legacy: LegacyFile,
    findings: ReportFile,
    progress: Progress,
    dry_run: bool,
) -> Counter[str]:
    imported: Counter[str] = Counter()
    connection.run("BEGIN")
    connection.run("LOCK TABLE users, follows, messages IN SHARE ROW EXCLUSIVE MODE")
    _require_empty(connection)
    for table, read in _readers(legacy).items():
        task = progress.add_task(table, total=legacy.count(table))
        rows = _counted(table, read(), imported, partial(progress.advance, task, _STEP))
        connection.copy(f"COPY {_TARGETS[table]} FROM STDIN", copy_chunks(rows))
        progress.update(task, completed=legacy.count(table))
    # Before the commit: a report that is cut off would hide what is missing.
    findings.flush()
    if dry_run:
        connection.run("ROLLBACK")
    else:
        connection.run(_SEQUENCES)
        connection.run("COMMIT")
        connection.run("ANALYZE users, follows, messages")
    return imported


def _summarize(imported: Counter[str], findings: ReportFile, seconds: float) -> None:
    for table in _TARGETS:
        click.echo(
            f"{table}: {imported[table]} imported, "
            f"{findings.rejected_rows[table]} rejected, "
            f"{findings.changed_rows[table]} changed"
        )
    rows = imported.total()
    click.echo(f"{rows} rows in {seconds:.1f} s: {rows / seconds:,.0f} a second.")
    if findings.rejected_rows or findings.changed_rows:
        click.echo(f"{findings.path} lists the rows that were rejected or changed.")


def _readers(legacy: LegacyFile) -> dict[str, Callable[[], Iterator[Row]]]:
    return {
        "user": legacy.users,
        "follower": legacy.follows,
        "message": legacy.messages,
    }


def _require_empty(connection: AdminConnection) -> None:
    if connection.run("SELECT FROM users LIMIT 1"):
        raise DatabaseRefused(
            "The database has users already, and the file could use the same ids for "
            "other users: import into an empty database."
        )


def _counted(
    table: str, rows: Iterable[Row], imported: Counter[str], advance: Callable[[], None]
) -> Iterator[Row]:
    for row in rows:
        imported[table] += 1
        if imported[table] % _STEP == 0:
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
