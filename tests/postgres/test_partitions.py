"""Messages that are partitioned by time pass the store's tests (docs/scaling.md)."""

import itertools
import time
from collections.abc import Iterator

import pytest

from deploy.local.postgres import Cluster
from minitwit.postgres.database import PLANNING
from minitwit.postgres.roles import OWNER
from minitwit.queries import statements
from minitwit_cli.maintenance.admin_connection import (
    AdminConnection,
    open_admin_connection,
)
from tests import discovery_rows, moderation_rows, page_rows, partitions, store_rows
from tests.postgres.databases import OwnDatabase, new_database
from tests.postgres.privileges import numbered

SHARED_ROWS = (discovery_rows, moderation_rows, page_rows, store_rows)

_DAY = 86_400
_WIDTH, _NUMBER = 20 * _DAY, 12

# A message each day, so that a page reads several partitions.
_A_DAY_LATER = """
CREATE SEQUENCE days;
ALTER TABLE messages ALTER pub_date SET DEFAULT
    floor(extract(epoch FROM clock_timestamp())) + 86400 * nextval('days')
"""


@pytest.fixture(scope="module")
def partitioned(cluster: Cluster, superuser: AdminConnection) -> OwnDatabase:
    """Return a database in which messages are partitioned, for copies."""
    database = new_database(cluster, superuser, "minitwit")
    with open_admin_connection(database.settings(OWNER)) as owner:
        today = int(time.time()) // _DAY * _DAY
        steps = partitions.migration(today, _WIDTH, _NUMBER)
        for step in itertools.chain(steps, partitions.indexes(), [_A_DAY_LATER]):
            owner.run(step)
    return database


@pytest.fixture
def testbed(
    cluster: Cluster, superuser: AdminConnection, partitioned: OwnDatabase
) -> OwnDatabase:
    """Return an empty database with partitions, of this test's own."""
    return new_database(cluster, superuser, partitioned.name)


@pytest.fixture(autouse=True)
def changed_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the store run the statements that partitions need."""
    for name, text in partitions.changed(statements()).items():
        monkeypatch.setitem(statements(), name, text)


def test_every_statement_is_prepared_against_partitions(
    owner: AdminConnection,
) -> None:
    for name, text in statements().items():
        owner.run(f"PREPARE q_{name} AS {numbered(text)}")


@pytest.fixture
def filled(owner: AdminConnection) -> Iterator[AdminConnection]:
    """Return a connection, planning as the functions do, to two months of messages."""
    owner.run("INSERT INTO users (username, email, password_hash) VALUES ('a', '', '')")
    owner.run(
        "INSERT INTO messages (author_id, content) "
        "SELECT 1, '' FROM generate_series(1, 200)"
    )
    for name, value in PLANNING.items():
        owner.run(f"SET {name} = {value}")
    yield owner


def test_the_newest_messages_are_read_from_the_newest_partitions(
    filled: AdminConnection,
) -> None:
    filled.run(f"PREPARE newest AS {numbered(statements()['recent_messages'])}")
    plan = [
        str(line)
        for [line] in filled.run("EXPLAIN (ANALYZE, COSTS OFF) EXECUTE newest(20)")
    ]
    scans = [line for line in plan if "Scan using messages_" in line]
    # The newest partition is empty: one look at its index.
    read = [line for line in scans if "never executed" not in line]
    assert len(scans) == _NUMBER
    assert len(read) <= 4, "\n".join(plan)
