"""What the database's catalog says is there, beside what the migrations make.

Nothing is listed by hand: the migrations run once more, in a schema of their own that
is rolled back, and the two catalogs are compared.
"""

from minitwit.queries import statements
from minitwit.schema import MIGRATIONS_TABLE, migrations
from minitwit_cli.maintenance.admin_connection import AdminConnection

_REAL = "public"
_MODEL = "minitwit_model"


def missing(script: AdminConnection) -> list[str]:
    """Return what the migrations make and the database does not have.

    More than they make is no fault: somebody may have added an index.
    """
    script.run("BEGIN")
    try:
        found = _entries(script, _REAL)
        script.run(f"CREATE SCHEMA {_MODEL}")
        script.run(f"SET LOCAL search_path = {_MODEL}")
        script.run(MIGRATIONS_TABLE)
        for step in migrations():
            script.run(step.sql)
        expected = _entries(script, _MODEL)
    finally:
        script.run("ROLLBACK")
    return sorted(expected - found)


def is_newer(script: AdminConnection) -> bool:
    """Say whether the database has a migration that this code does not know."""
    version = script.run(statements()["schema_version"])[0][0] or 0
    return bool(version > migrations()[-1].version)


def _entries(script: AdminConnection, schema: str) -> set[str]:
    script.run(f"SET LOCAL search_path = {schema}")
    rows = script.run(statements()["catalog"])
    return {row[0].replace(f"{schema}.", "") for row in rows}
