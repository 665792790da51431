"""Suspensions in chunks, and while messages are being posted."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from minitwit.errors import AccountSuspended
from minitwit.moderation.suspensions import Suspensions
from minitwit.postgres.database import Database
from minitwit.queries import statements
from minitwit.store import Store
from minitwit_cli.maintenance.admin_connection import (
    AdminConnection,
    open_admin_connection,
)
from tests.postgres.databases import OwnDatabase
from tests.store_rows import add_user, texts
from tests.waiting import wait_until


def pending(owner: AdminConnection) -> int:
    """Return how many jobs are pending."""
    return int(owner.run("SELECT count(*) FROM suspension_jobs")[0][0])


def filled(query: str, **values: str) -> str:
    """Return a statement with values in the places of its parameters."""
    text = statements()[query]
    for name, value in values.items():
        text = text.replace(f":{name}", value)
    return text


def waits_for_a_lock(superuser: AdminConnection) -> bool:
    """Return whether a statement waits for a lock of another transaction."""
    waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    return bool(superuser.run(waiting))


def test_many_messages_are_hidden_and_shown_again_in_resumable_chunks(
    database: Database, store: Store, owner: AdminConnection
) -> None:
    add_user(store, "ada")
    for number in range(5):
        store.messages.add("ada", str(number))
    suspensions = Suspensions(database, chunk=2)
    suspensions.suspend("ada")
    assert texts(store.messages.public_timeline()) == ["4", "3", "2", "1", "0"]
    suspensions.run_jobs(seconds=0)
    assert texts(store.messages.public_timeline()) == ["2", "1", "0"]
    Suspensions(database, chunk=2).run_jobs(seconds=0)
    assert texts(store.messages.public_timeline()) == ["0"]
    # Lifted in the middle.
    suspensions.lift("ada")
    suspensions.run_jobs(seconds=0)
    assert texts(store.messages.public_timeline()) == ["4", "3", "0"]
    suspensions.suspend("ada")
    suspensions.run_jobs()
    assert texts(store.messages.public_timeline()) == []
    assert pending(owner) == 0
    suspensions.lift("ada")
    suspensions.run_jobs()
    assert texts(store.messages.public_timeline()) == ["4", "3", "2", "1", "0"]
    assert pending(owner) == 0


@pytest.mark.parametrize("query", ["add_message", "add_message_once"])
def test_a_message_in_flight_when_the_suspension_begins_is_hidden_too(
    testbed: OwnDatabase, store: Store, superuser: AdminConnection, query: str
) -> None:
    add_user(store, "ada")
    post = filled(
        query,
        content="'in flight'",
        username="'ada'",
        latest="NULL",
        form_key="gen_random_uuid()",
    )
    with (
        open_admin_connection(testbed.settings()) as script,
        ThreadPoolExecutor() as pool,
    ):
        script.run("BEGIN")
        script.run(post)
        suspension = pool.submit(store.suspensions.suspend, "ada")
        wait_until(lambda: waits_for_a_lock(superuser))
        script.run("COMMIT")
        suspension.result()
    assert texts(store.messages.public_timeline()) == ["in flight"]
    store.suspensions.run_jobs()
    assert texts(store.messages.public_timeline()) == []


def test_a_message_and_a_restoration_behind_the_suspension_are_refused(
    testbed: OwnDatabase, store: Store, superuser: AdminConnection
) -> None:
    add_user(store, "ada")
    store.messages.add("ada", "hidden")
    message_id = store.messages.public_timeline()[0].id
    store.moderation.set_hidden(message_id, True)
    suspend = filled("suspend_user", username="'ada'", moderator_id="NULL")
    for work in (
        lambda: store.messages.add("ada", "late"),
        lambda: store.messages.add_once("ada", "late", "token"),
        lambda: store.moderation.set_hidden(message_id, False),
    ):
        with (
            open_admin_connection(testbed.settings()) as script,
            ThreadPoolExecutor() as pool,
        ):
            script.run("BEGIN")
            script.run(suspend)
            change = pool.submit(work)
            wait_until(lambda: waits_for_a_lock(superuser))
            script.run("COMMIT")
            with pytest.raises(AccountSuspended):
                change.result()
        store.suspensions.lift("ada")
    assert texts(store.messages.public_timeline()) == []


def test_the_queue_reads_only_the_reports_of_its_page(owner: AdminConnection) -> None:
    owner.run("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off")
    page = filled("reported_messages", before="$1", limit="$2")
    owner.run(f"PREPARE queue (bigint, bigint) AS {page}")
    plan = "\n".join(row[0] for row in owner.run("EXPLAIN EXECUTE queue (9, 31)"))
    assert "Index Only Scan Backward using reports_open_idx" in plan
    assert "Sort" not in plan.replace("Incremental Sort", "").partition("->")[0]
