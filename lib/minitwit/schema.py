"""Schema migrations, and the check that a database has those this code needs."""

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from minitwit.errors import SchemaOutdated
from minitwit.postgres.database import Database

MIGRATIONS_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version int CONSTRAINT schema_migrations_pkey PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""

_CONCURRENTLY = " CONCURRENTLY"
_COMMENT = re.compile(r"--.*")
_FILE = re.compile(r"^(\d{4})_(\w+)\.sql$")


@dataclass(frozen=True)
class Migration:
    """One step of the schema; its file is append-only."""

    version: int
    name: str
    sql: str

    @property
    def is_concurrent(self) -> bool:
        """Whether it builds indexes while writes go on, as no transaction can.

        If it is interrupted it runs again, so its statements can be repeated.
        """
        return _CONCURRENTLY in self.sql

    @property
    def statements(self) -> tuple[str, ...]:
        """The statements one by one, as they have to run outside a transaction."""
        parts = _COMMENT.sub("", self.sql).split(";")
        return tuple(part.strip() for part in parts if part.strip())

    @property
    def sql_in_transaction(self) -> str:
        """The statements as a transaction can run them, where nothing else writes."""
        return self.sql.replace(_CONCURRENTLY, "")


@cache
def migrations() -> tuple[Migration, ...]:
    """Return every migration, oldest first."""
    folder = resources.files("minitwit") / "migrations"
    found = [
        Migration(int(match[1]), match[2], file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if (match := _FILE.match(file.name))
    ]
    return tuple(sorted(found, key=lambda migration: migration.version))


class Schema:
    """The schema of this process's database.

    Args:
        database: whose schema is checked.

    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def require_current(self) -> None:
        """Check that every migration that this code needs was applied.

        Raises:
            SchemaOutdated: a migration is missing; a newer schema is accepted.
            StorageUnavailable: the database is unavailable.

        """
        version = self._database.read("schema_version")[0][0] or 0
        needed = migrations()[-1].version
        if version < needed:
            raise SchemaOutdated(
                f"The schema is at version {version} and this code needs {needed}; "
                "run `minitwit migrate`."
            )
