"""Ten times the messages: in one table, and partitioned by time."""

from collections.abc import Iterator, Sequence
from functools import partial
from statistics import median

from minitwit.postgres.roles import OWNER
from tests import partitions
from tests.benchmark import pgbench
from tests.benchmark.dataset import EPOCH, FIRST_NAME, READER, USUAL_READER, DataSet
from tests.benchmark.endpoints import Statements
from tests.benchmark.experiments import Effort, take_turns
from tests.benchmark.storage import Storage

_TIMES = 10
_END = 2**40  # Unix seconds: what is posted meanwhile has a partition of its own.

# Indexes in the order of the dates grow fast; this one is built when all is there.
_AUTHORS = "messages_author_idx"
_COPY = """
INSERT INTO messages (id, author_id, author_name, pub_date, content)
SELECT id + {number} * {messages}, author_id, author_name,
    pub_date + {number} * {seconds}, content
FROM messages WHERE id <= {messages}
"""
_SET_SEQUENCE = "SELECT setval(pg_get_serial_sequence('messages', 'id'), {last})"
_SIZE = """
SELECT pg_size_pretty(sum(pg_total_relation_size(oid)))
FROM pg_class WHERE relname ~ '^messages' AND relkind = 'r'
"""
_RESET = """
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
SELECT pg_stat_statements_reset()
"""
_PAGES = """
SELECT sum(shared_blks_hit + shared_blks_read)::float / max(calls)
FROM pg_stat_statements JOIN pg_database ON oid = dbid WHERE datname = '{database}'
"""
_MEMORY = "SET maintenance_work_mem = '1GB'; "


def costs(
    storage: Storage, data_set: DataSet, numbers: Sequence[int], effort: Effort
) -> Iterator[str]:
    """Yield a line for each statement: its time alone, for each kind of table.

    Args:
        storage: with the data set.
        data_set: that is compared with ten times as many messages.
        numbers: of partitions.
        effort: of each statement.

    """
    with (
        storage.database(data_set, "whole") as whole,
        storage.database(data_set, "tenfold") as tenfold,
    ):
        _multiply(storage, tenfold, data_set)
        databases = {"": whole, f"{_TIMES} ×": tenfold}
        for number in numbers:
            name = f"{_TIMES} ×, {number} partitions"
            databases[name] = f"{tenfold}_{number}"
            _partition(storage, databases[name], tenfold, data_set, number)
        try:
            for name, database in databases.items():
                storage.sql("CHECKPOINT")
                yield f"{data_set.name} {name}: {storage.sql(_SIZE, database)}"
            for name, statements in _statements(data_set).items():
                yield f"{name}: " + _compare(
                    storage, list(databases.values()), statements, effort
                )
        finally:
            for database in list(databases.values())[2:]:
                storage.sql(f"DROP DATABASE {database} WITH (FORCE)")


def _compare(
    storage: Storage, databases: Sequence[str], statements: Statements, effort: Effort
) -> str:
    """Return a statement's time and the pages that it reads, in each database."""
    storage.sql(_RESET)
    candidates = {
        database: partial(
            pgbench.rate, storage, database, statements, effort.seconds, 1
        )
        for database in databases
    }
    rates = take_turns(candidates, effort)
    found = []
    for database in databases:
        pages = float(storage.sql(_PAGES.format(database=database)))
        found.append(f"{1e6 / median(rates[database]):,.0f} us, {pages:,.0f} pages")
    return "; ".join(found)


def _multiply(storage: Storage, database: str, data_set: DataSet) -> None:
    """Add what is missing of ten times a data set's messages, each time later ones."""
    definition = storage.sql(
        f"SELECT indexdef FROM pg_indexes WHERE indexname = '{_AUTHORS}'",  # noqa: S608
        database,
    )
    storage.sql(f"DROP INDEX {_AUTHORS}", database)
    for number in range(1, _TIMES):
        copy = _COPY.format(
            number=number, messages=data_set.messages, seconds=_seconds(data_set)
        )
        storage.sql(copy, database)
    storage.sql(_MEMORY + definition, database)
    storage.sql(_SET_SEQUENCE.format(last=_TIMES * data_set.messages), database)
    storage.sql("VACUUM ANALYZE messages", database)


def _partition(
    storage: Storage, database: str, template: str, data_set: DataSet, number: int
) -> None:
    """Make a copy of a database in which messages are partitioned."""
    storage.sql(f"CREATE DATABASE {database} TEMPLATE {template} STRATEGY file_copy")
    width = _TIMES * _seconds(data_set) // number + 1
    steps = [
        *partitions.migration(EPOCH, width, number),
        *partitions.indexes(),
        "CREATE TABLE messages_now PARTITION OF messages "
        f"FOR VALUES FROM ({EPOCH + number * width}) TO ({_END})",
        f"GRANT SELECT, INSERT ON messages TO {OWNER}",
    ]
    for step in steps:
        storage.sql(_MEMORY + step, database)
    storage.sql("VACUUM ANALYZE messages", database)


def _seconds(data_set: DataSet) -> int:
    """Return the seconds from a data set's first message to behind its last."""
    return data_set.messages // 3 + 1


def _statements(data_set: DataSet) -> dict[str, Statements]:
    a_name = f"random({FIRST_NAME + 1}, {FIRST_NAME + data_set.users})"
    newest = {"before_date": str(2**62), "before_id": str(2**62), "limit": "31"}
    end = EPOCH + _seconds(data_set)
    some_id = f"random(1, {data_set.messages})"
    author = {"author_id": f"random(1, {data_set.users})", "username": "a name"}
    values = {
        "recent_messages": {"limit": "20"},
        "recent_messages_of": {"username": a_name, "limit": "20"},
        "public_timeline": newest,
        "public_timeline, older": newest | {"before_date": f"random({EPOCH}, {end})"},
        "user_timeline": newest | author,
        "own_timeline": newest | {"user_id": str(USUAL_READER)},
        "busy_timeline": newest | {"user_id": str(READER)},
        "message": {"id": some_id, "username": a_name},
        "add_message": {"username": a_name, "content": "x" * 70, "latest": some_id},
    }
    return {
        name: Statements((name.partition(",")[0],), variables)
        for name, variables in values.items()
    }
