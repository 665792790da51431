"""An older MiniTwit's SQLite file, for the tests of its import."""

import sqlite3
from contextlib import closing
from pathlib import Path

from click.testing import CliRunner, Result

from deploy.local.postgres import Cluster
from minitwit_cli.commands import main

SCHEMA = """
CREATE TABLE user (user_id INTEGER PRIMARY KEY AUTOINCREMENT, username, email, pw_hash);
CREATE TABLE follower (who_id INTEGER, whom_id INTEGER);
CREATE TABLE message (
    message_id INTEGER PRIMARY KEY AUTOINCREMENT,
    author_id INTEGER, text, pub_date, flagged
);
"""
HASH = "pbkdf2:sha256:1000$salt$" + (
    "b2cc2a7d0a8d0c9e5a8b3b3e3a8d4f0d5c0c1c1f4e7a9b8d6c5e4f3a2b1c0d9e"
)


class Import:
    """An old file, and the report of its import."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster = cluster
        self.file = folder / "minitwit.db"
        self.report = folder / "report.tsv"
        with closing(self.open()) as old:
            old.executescript(SCHEMA)

    def open(self) -> sqlite3.Connection:
        """Open the file."""
        return sqlite3.connect(self.file)

    def insert(self, table: str, *values: tuple[object, ...]) -> None:
        """Put rows into one of its tables."""
        places = ", ".join("?" * len(values[0]))
        with closing(self.open()) as old, old:
            old.executemany(f"INSERT INTO {table} VALUES ({places})", values)  # noqa: S608

    def run(self, *options: str) -> Result:
        """Import the file."""
        arguments = ["import-sqlite", str(self.file), "--report", str(self.report)]
        return CliRunner().invoke(
            main, [*arguments, *options], env=self.cluster.environment()
        )

    def reported(self) -> list[tuple[str, ...]]:
        """Return the report's lines: action, table, row, reason."""
        lines = self.report.read_text(encoding="utf-8").splitlines()
        return [tuple(line.split("\t")) for line in lines]
