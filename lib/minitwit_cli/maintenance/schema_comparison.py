"""Compares a database's schema with the one that the migrations create.

The migrations run once more, in a scratch schema that is rolled back, and PostgreSQL's
catalogs of the two schemas are compared.
"""

from minitwit.queries import statements
from minitwit.schema import MIGRATIONS_TABLE, migrations
from minitwit_cli.maintenance.admin_connection import AdminConnection

_REAL = "public"
_MODEL = "minitwit_model"


def missing_objects(connection: AdminConnection) -> list[str]:
    """Return the tables, columns, indexes, grants … that the database lacks.

    Additional ones are not an error: an operator may have added an index.
    """
    connection.run("BEGIN")
    try:
        found = _entries(connection, _REAL)
        connection.run(f"CREATE SCHEMA {_MODEL}")
        connection.run(f"SET LOCAL search_path = {_MODEL}")
        connection.run(MIGRATIONS_TABLE)
        for step in migrations():
            connection.run(step.sql_in_transaction)
        expected = _entries(connection, _MODEL)
    finally:
        connection.run("ROLLBACK")
    return sorted(expected - found)


def is_newer(connection: AdminConnection) -> bool:
    """Return whether the database has a migration that this code does not know."""
    version = connection.run(statements()["schema_version"])[0][0] or 0
    return bool(version > migrations()[-1].version)


def _entries(connection: AdminConnection, schema: str) -> set[str]:
    connection.run(f"SET LOCAL search_path = {schema}")
    rows = connection.run(statements()["catalog"])
    return {row[0].replace(f"{schema}.", "") for row in rows}
