"""Deletion of an account: nothing is left, in chunks, and whatever else goes on."""

# The numbers that stand in these statements are our own.
# ruff: noqa: S608

import threading

import pytest
from click.testing import CliRunner

from minitwit.accounts.deletion import NAME_KEPT_DAYS, Deletions
from minitwit.errors import InvalidPassword, JustDeleted, UnknownUser
from minitwit.models import Account
from minitwit.postgres.database import Database
from minitwit.postgres.roles import OWNER
from minitwit.queries import statements
from minitwit.store import Store
from minitwit_cli.commands import main
from minitwit_cli.maintenance.admin_connection import (
    AdminConnection,
    open_admin_connection,
)
from minitwit_cli.maintenance.integrity import broken_references
from tests.postgres.databases import OwnDatabase
from tests.store_rows import add_user, verified
from tests.waiting import wait_until

MESSAGES = 30


@pytest.fixture
def ada(store: Store, owner: AdminConnection) -> Account:
    """Return an account that has something in every table."""
    ada, bob = add_user(store, "ada"), add_user(store, "bob")
    store.sessions.start(verified(store, ada), "a browser", 1)
    store.follows.add("ada", "bob")
    store.follows.add("bob", "ada")
    for number in range(MESSAGES):
        store.messages.add("ada", f"message {number}")
    store.messages.add("bob", "about @ada")
    owner.run(
        "UPDATE messages SET flagged = id % 3 = 0;"
        "INSERT INTO mentions (user_id, pub_date, message_id)"
        f" SELECT CASE author_id WHEN {ada.id} THEN {bob.id} ELSE {ada.id} END,"
        " pub_date, id FROM messages ON CONFLICT DO NOTHING;"
        "INSERT INTO reports (message_id, reporter_id)"
        f" SELECT id, CASE author_id WHEN {ada.id} THEN {bob.id} ELSE {ada.id} END"
        " FROM messages;"
        "INSERT INTO password_resets (token_digest, user_id, expires_at)"
        f" VALUES ('digest', {ada.id}, now());"
        f"INSERT INTO suspension_jobs (user_id, hides) VALUES ({ada.id}, false);"
    )
    return ada


def test_nobody_follows_an_account_that_is_being_deleted(
    database: Database, store: Store, ada: Account
) -> None:
    assert not Deletions(database, chunk=1, seconds=0).delete(ada)
    name = f"deleted/{ada.id}"
    for change in (store.follows.add, store.follows.remove):
        with pytest.raises(UnknownUser):
            change("bob", name)
    assert store.mentions.known([name]) == set()


def references(owner: AdminConnection, user_id: int) -> dict[str, int]:
    """Return how many rows refer to a user, by foreign key."""
    return {
        name: owner.run(f"SELECT count(*) FROM {table} WHERE {column} = {user_id}")[0][
            0
        ]
        for name, table, column, target, _ in owner.run(statements()["references"])
        if target == "users"
    }


def assert_gone(owner: AdminConnection, account: Account) -> None:
    """Check that no table has anything of an account, and that the rest is whole."""
    assert set(references(owner, account.id).values()) == {0}
    assert owner.run(f"SELECT id FROM users WHERE id = {account.id}") == []
    assert broken_references(owner) == []


def test_nothing_is_left_in_any_table(
    store: Store, owner: AdminConnection, ada: Account
) -> None:
    assert 0 not in references(owner, ada.id).values(), "a table has nothing to delete"
    assert store.deletions.delete(ada)
    assert_gone(owner, ada)
    assert owner.run("SELECT content FROM messages") == [["about @ada"]]
    for table in ("mentions", "reports", "follows", "sessions", "password_resets"):
        assert owner.run(f"SELECT count(*) FROM {table}") == [[0]], table


def test_messages_go_in_chunks_the_newest_first_and_the_account_last(
    database: Database, store: Store, owner: AdminConnection, ada: Account
) -> None:
    owner.run("UPDATE messages SET flagged = false")
    deletions = Deletions(database, chunk=10, seconds=0)
    assert not deletions.delete(ada)
    left = []
    while not deletions.delete(ada):
        found = owner.run(f"SELECT max(id) FROM messages WHERE author_id = {ada.id}")
        left.append(found[0][0])
        with pytest.raises(UnknownUser):
            store.users.find("ada")
    assert [number for number in left if number] == [30, 30, 30, 20, 10]
    assert_gone(owner, ada)


def test_what_is_pending_is_finished_by_a_sign_in_or_by_the_operator(
    testbed: OwnDatabase, database: Database, owner: AdminConnection, ada: Account
) -> None:
    bob = Account(2, "bob")
    assert not Deletions(database, chunk=1, seconds=0).delete(ada)
    assert not Deletions(database, chunk=1, seconds=0).delete(bob)

    def is_gone() -> bool:
        # A sign-in goes on for a moment; a slow machine needs several.
        Deletions(database).resume()
        return not any(references(owner, ada.id).values())

    wait_until(is_gone, "the first of two pending deletions to be finished")
    assert_gone(owner, ada)
    said = [finish_deletions(testbed) for _ in range(2)]
    assert said == [
        f"The account with the id {bob.id} is deleted.\n",
        "No deletion is pending.\n",
    ]
    assert_gone(owner, bob)


def finish_deletions(testbed: OwnDatabase) -> str:
    """Run `minitwit finish-deletions`."""
    result = CliRunner().invoke(
        main, ["finish-deletions"], env=testbed.environment(OWNER)
    )
    assert result.exit_code == 0, result.output
    return result.output


def test_a_former_name_is_free_after_its_days(
    store: Store, owner: AdminConnection, ada: Account
) -> None:
    store.deletions.delete(ada)
    owner.run(
        f"UPDATE former_usernames SET freed_at = now() - interval '{NAME_KEPT_DAYS} d'"
    )
    assert add_user(store, "ada").id != ada.id
    store.deletions.delete(Account(2, "bob"))
    assert owner.run("SELECT username FROM former_usernames") == [["bob"]]


def test_no_session_begins_while_an_account_is_being_closed(
    testbed: OwnDatabase,
    store: Store,
    owner: AdminConnection,
    superuser: AdminConnection,
    ada: Account,
) -> None:
    refused: list[object] = []

    def sign_in() -> None:
        try:
            store.sessions.start(verified(store, ada), "a browser", 1)
        except InvalidPassword as error:
            refused.append(error)

    with open_admin_connection(testbed.settings(OWNER)) as closing:
        closing.run("BEGIN")
        closing.run(statements()["close_account"].replace(":id", str(ada.id)))
        thread = threading.Thread(target=sign_in)
        thread.start()
        wait_for_a_lock(superuser, testbed)
        closing.run("COMMIT")
        thread.join()
    assert len(refused) == 1
    assert references(owner, ada.id)["sessions_user_id_fkey"] == 0


def test_a_follow_that_comes_too_late_finds_no_account(
    testbed: OwnDatabase, store: Store, superuser: AdminConnection
) -> None:
    add_user(store, "ada"), add_user(store, "bob")
    failed: list[object] = []

    def follow() -> None:
        try:
            store.follows.add("bob", "ada")
        except JustDeleted as error:
            failed.append(error)

    with open_admin_connection(testbed.settings(OWNER)) as deleting:
        deleting.run("BEGIN")
        deleting.run("DELETE FROM users WHERE username = 'ada'")
        thread = threading.Thread(target=follow)
        thread.start()
        wait_for_a_lock(superuser, testbed)
        deleting.run("COMMIT")
        thread.join()
    assert len(failed) == 1


def wait_for_a_lock(superuser: AdminConnection, testbed: OwnDatabase) -> None:
    """Wait until a statement waits for a lock."""
    wait_until(
        lambda: superuser.run(
            "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            f" AND datname = '{testbed.name}'"
        )
    )


def test_rows_that_are_added_meanwhile_are_deleted_as_well(
    testbed: OwnDatabase, owner: AdminConnection, ada: Account
) -> None:
    late = iter(
        (
            f"INSERT INTO follows (follower_id, followed_id) VALUES (2, {ada.id})",
            f"INSERT INTO messages (author_id, content) VALUES ({ada.id}, 'late')",
        )
    )

    class Interrupted(Database):
        def write(self, query: str, **parameters: object) -> list[list[object]]:
            if query == "delete_account" and (statement := next(late, None)):
                owner.run(statement)
            return super().write(query, **parameters)

    assert Deletions(Interrupted(testbed.settings())).delete(ada)
    assert next(late, None) is None
    assert_gone(owner, ada)


def test_chunks_and_foreign_keys_go_by_an_index(
    database: Database, owner: AdminConnection, ada: Account
) -> None:
    before = scans(owner)
    assert Deletions(database, chunk=10).delete(ada)
    # The server counts a connection's scans at the latest when it ends.
    database.close()
    wait_until(lambda: scans(owner)["users"][1] > before["users"][1])
    read_in_full = {
        table for table, (full, _) in scans(owner).items() if full > before[table][0]
    }
    # The names of one month are few.
    assert read_in_full <= {"former_usernames"}


def scans(owner: AdminConnection) -> dict[str, tuple[int, int]]:
    """Return how often each table was read in full, and by an index."""
    owner.run("SELECT pg_stat_force_next_flush()")
    rows = owner.run(
        "SELECT relname, seq_scan, coalesce(idx_scan, 0) FROM pg_stat_user_tables"
    )
    return {name: (full, indexed) for name, full, indexed in rows}
