"""What postgres-exporter counts each minute costs the same however much there is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.postgres import SUPERUSER
from minitwit_cli.maintenance.admin_connection import (
    AdminConnection,
    open_admin_connection,
)
from tests.postgres.databases import OwnDatabase

ROOT = Path(__file__).parents[2]
QUERIES = ROOT / "deploy" / "tools" / "postgres_exporter" / "queries.yaml"
EXACT_UP_TO = 100_000


@pytest.fixture
def counts(testbed: OwnDatabase) -> Iterator[AdminConnection]:
    """Return what counts as the exporter does: a role that may read no content."""
    with open_admin_connection(testbed.settings(SUPERUSER)) as script:
        script.run("ALTER TABLE users SET (autovacuum_enabled = off)")
        script.run("SET ROLE pg_monitor")
        yield script


def test_few_rows_are_counted_exactly(
    owner: AdminConnection, counts: AdminConnection
) -> None:
    add_users(owner, 500)
    owner.run("VACUUM users")
    owner.run("DELETE FROM users WHERE id <= 30")
    assert counted(counts) == [470, 0, 0, -1]


def test_many_rows_are_estimated_from_what_vacuum_found_and_the_size_since_then(
    owner: AdminConnection, counts: AdminConnection
) -> None:
    add_users(owner, EXACT_UP_TO + 20_000)
    # Nothing is known about a table before its first vacuum.
    assert counted(counts)[0] == EXACT_UP_TO + 1
    owner.run("VACUUM users")
    add_users(owner, 20_000)
    assert counted(counts)[0] == pytest.approx(EXACT_UP_TO + 40_000, rel=0.02)
    assert rows_read(counts) <= EXACT_UP_TO + 1
    owner.run("DELETE FROM users WHERE id > 120000")
    owner.run("ANALYZE users")
    assert counted(counts)[0] == pytest.approx(EXACT_UP_TO + 20_000, rel=0.02)


def add_users(owner: AdminConnection, number: int) -> None:
    script = f"""
        INSERT INTO users (username, email, password_hash)
        SELECT 'user ' || max_id + n, 'a@example.org', 'x'
        FROM (SELECT coalesce(max(id), 0) AS max_id FROM users) AS before,
             generate_series(1, {number}) AS n
    """  # noqa: S608
    owner.run(script)


def query() -> str:
    loaded: dict[str, Any] = yaml.safe_load(QUERIES.read_text(encoding="utf-8"))
    text: str = loaded["minitwit"]["query"]
    return text


def counted(counts: AdminConnection) -> list[float]:
    [row] = counts.run(query())
    return [float(str(number)) for number in row]


def rows_read(counts: AdminConnection) -> float:
    """Return how many rows the largest step of the query reads."""
    [[plan]] = counts.run(f"EXPLAIN (ANALYZE, FORMAT JSON) {query()}")
    assert isinstance(plan, list)
    return max(steps(plan[0]["Plan"]))


def steps(plan: dict[str, Any]) -> Iterator[float]:
    yield plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    for part in plan.get("Plans", []):
        yield from steps(part)
