"""Every named query fits the migrated schema and does what its name's users expect."""

import re
from importlib import resources

import pytest

from minitwit.queries import functions_of, statements
from minitwit.web.routes import FUNCTIONS
from minitwit_cli.maintenance.admin_connection import AdminConnection
from tests.postgres.privileges import numbered

FILES = [
    f for f in resources.files("minitwit.queries").iterdir() if f.name[-4:] == ".sql"
]
NAMED = re.compile(r"^-- name: (\w+)\n((?:--.*\n)+)", re.MULTILINE)


@pytest.mark.parametrize("name", statements())
def test_query_is_prepared_against_the_migrated_schema(
    owner: AdminConnection, name: str
) -> None:
    owner.run(f"PREPARE q_{name} AS {numbered(statements()[name])}")


def test_query_that_does_not_fit_would_be_noticed(owner: AdminConnection) -> None:
    with pytest.raises(Exception, match="does not exist"):
        owner.run("PREPARE wrong AS SELECT nothing FROM users")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_query_says_in_a_sentence_what_it_does(file: object) -> None:
    text = file.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    described = dict(NAMED.findall(text))
    names = set(re.findall(r"^-- name: (\w+)", text, re.MULTILINE))
    assert set(described) == names
    for comment in described.values():
        assert comment.rstrip().endswith(".")


def test_no_two_queries_have_one_name() -> None:
    names = [n for f in FILES for n, _ in NAMED.findall(f.read_text(encoding="utf-8"))]
    assert sorted(names) == sorted(set(names))
    assert set(names) == set(statements())


@pytest.mark.parametrize("name", statements())
def test_query_lists_functions_that_exist(name: str) -> None:
    assert functions_of(name) <= set(FUNCTIONS) or functions_of(name) == {"all"}


@pytest.mark.parametrize("name", statements())
def test_query_names_its_columns_and_limits_its_lists(name: str) -> None:
    statement = statements()[name]
    assert not re.search(r"\bSELECT\s+\*|\.\*", statement)
    assert "OFFSET" not in statement.upper()
    reads_the_catalog = "pg_class" in statement or "pg_constraint" in statement
    if "ORDER BY" in statement and not reads_the_catalog:
        assert "LIMIT" in statement
