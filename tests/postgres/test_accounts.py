"""Accounts in PostgreSQL: what ends sessions, and links to reset a password."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest
from click.testing import CliRunner, Result

from minitwit.accounts.password_resets import digest
from minitwit.errors import InvalidPassword, InvalidResetLink
from minitwit.models import Account, VerifiedAccount
from minitwit.postgres.database import Database
from minitwit.postgres.roles import OWNER, function_role
from minitwit.store import Store
from minitwit.users import Users
from minitwit_cli.commands import main
from minitwit_cli.maintenance.admin_connection import (
    AdminConnection,
    open_admin_connection,
)
from tests.postgres.databases import OwnDatabase
from tests.store_rows import add_user, claim_of, verified
from tests.waiting import wait_until

URL = "https://minitwit.example"

# Of "correct horse", as werkzeug made them.
IMPORTED = "pbkdf2:sha1:1000$7xESK9ZiPPohPIfi$b9de83c39aecd4e78de5c190c023b9829d19e6f2"

# Who waits for a lock of another's.
WAITING = (
    "SELECT FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
)

T = TypeVar("T")


def reset_password(testbed: OwnDatabase, *words: str, role: str = OWNER) -> Result:
    """Type the operator's command."""
    environment = testbed.environment(role) | {"MINITWIT_URL": f"{URL}/"}
    return CliRunner().invoke(main, ["reset-password", *words], env=environment)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE users SET suspended_at = now()",
        "DELETE FROM sessions; DELETE FROM users",
    ],
)
def test_no_cookie_of_an_account_that_is_suspended_or_gone_is_good(
    store: Store, owner: AdminConnection, change: str
) -> None:
    ada = add_user(store, "ada")
    claim = claim_of(ada, store.sessions.start(verified(store, ada), "a browser", 1))
    unnamed = claim_of(ada, None)
    assert store.sessions.account(claim) == store.sessions.account(unnamed) == ada
    owner.run(change)
    assert store.sessions.account(claim) is None
    assert store.sessions.account(unnamed) is None
    assert store.sessions.reader(claim) is None


def test_a_session_unused_for_too_long_is_neither_listed_nor_kept(
    store: Store, owner: AdminConnection
) -> None:
    ada = add_user(store, "ada")
    old, used = (
        store.sessions.start(verified(store, ada), "a browser", 30) for _ in range(2)
    )
    owner.run("UPDATE sessions SET last_used_at = now() - interval '30 days 1 second'")
    store.sessions.use(claim_of(ada, used))
    listed = store.sessions.all_of(ada.id, days=30)
    assert [session.id for session in listed] == [used]
    store.sessions.start(verified(store, ada), "a browser", 30)
    assert owner.run(f"SELECT count(*) FROM sessions WHERE id = '{old}'") == [[0]]  # noqa: S608


def test_a_session_of_a_year_ago_is_not_extended(
    store: Store, owner: AdminConnection
) -> None:
    ada = add_user(store, "ada")
    claim = claim_of(ada, store.sessions.start(verified(store, ada), "a browser", 30))
    assert store.sessions.use(claim)
    owner.run("UPDATE sessions SET created_at = now() - interval '365 days 1 second'")
    assert not store.sessions.use(claim)


def test_an_operators_link_is_printed_and_only_its_digest_is_stored(
    testbed: OwnDatabase, store: Store, owner: AdminConnection
) -> None:
    ada = add_user(store, "Ada Lovelace")
    printed = reset_password(testbed, "Ada Lovelace")
    link = re.fullmatch(rf"{URL}/reset_password\?token=([\w-]{{43}})\n", printed.output)
    assert link
    [[stored]] = owner.run(
        "SELECT row_to_json(password_resets)::text FROM password_resets"
    )
    assert digest(link[1]) in stored
    assert link[1] not in stored
    assert store.password_resets.use(link[1], "new") == ada


def test_a_link_of_a_token_made_elsewhere_is_added_and_not_printed(
    testbed: OwnDatabase, store: Store
) -> None:
    ada = add_user(store, "ada")
    added = reset_password(testbed, "ada", "--token-digest", digest("elsewhere"))
    assert (added.exit_code, added.output) == (0, "")
    assert store.password_resets.account("elsewhere") == ada


def test_what_cannot_be_done_is_said_in_a_sentence(
    testbed: OwnDatabase, store: Store
) -> None:
    add_user(store, "ada")
    for words, sentence in (
        (["nobody"], "There is no user of that name."),
        (["ada", "--token-digest", "token"], "write 64 hexadecimal digits"),
    ):
        result = reset_password(testbed, *words)
        assert result.exit_code != 0
        assert sentence in result.output
    refused = reset_password(testbed, "ada", role=function_role("register"))
    assert "be the owner" in refused.output
    assert "reset_password?" not in refused.output


def test_a_link_expires_after_an_hour(store: Store, owner: AdminConnection) -> None:
    ada = add_user(store, "ada")
    for age, expected in (("59 minutes", ada), ("60 minutes", None)):
        owner.run(
            "DELETE FROM password_resets;"  # noqa: S608
            "INSERT INTO password_resets SELECT"
            f" '{digest('token')}', id, now() - interval '{age}' + interval '1 hour'"
            " FROM users"
        )
        assert store.password_resets.account("token") == expected
    with pytest.raises(InvalidResetLink):
        store.password_resets.use("token", "new")


def test_a_sign_in_does_not_bring_the_password_back_that_is_just_replaced(
    testbed: OwnDatabase, store: Store, owner: AdminConnection
) -> None:
    """The hash of an imported password is renewed by the first sign-in."""
    ada = add_user(store, "ada")
    owner.run(f"UPDATE users SET password_hash = '{IMPORTED}'")  # noqa: S608
    works: list[Callable[[], object]] = []

    def change_before_hashing(work: Callable[[], T]) -> T:
        works.append(work)
        if len(works) == 2:  # The first verifies, the second hashes anew.
            store.users.change_password(VerifiedAccount(ada, IMPORTED), "new")
        return work()

    slow = Users(Database(testbed.settings()), change_before_hashing)
    assert slow.sign_in("ada", "correct horse").account == ada
    assert len(works) == 2
    assert store.users.sign_in("ada", "new").account == ada
    with pytest.raises(InvalidPassword):
        store.users.sign_in("ada", "correct horse")


@pytest.mark.parametrize("is_reset", [False, True])
def test_a_session_that_starts_while_the_password_changes_ends_as_well(
    testbed: OwnDatabase, store: Store, owner: AdminConnection, is_reset: bool
) -> None:
    """The change waits for a sign-in that has begun, and does not see its session."""
    ada = add_user(store, "ada")
    old = verified(store, ada)
    reset_password(testbed, "ada", "--token-digest", digest("token"))

    def change() -> object:
        if is_reset:
            return store.password_resets.use("token", "new")
        return store.users.change_password(old, "new")

    with (
        open_admin_connection(testbed.settings(OWNER)) as signing_in,
        ThreadPoolExecutor(1) as pool,
    ):
        signing_in.run("BEGIN")
        signing_in.run("SELECT FROM users FOR SHARE")
        signing_in.run(
            f"INSERT INTO sessions (user_id, user_agent) VALUES ({ada.id}, '')"  # noqa: S608
        )
        changing = pool.submit(change)
        wait_until(lambda: bool(owner.run(WAITING)), "the change to wait for the lock")
        signing_in.run("COMMIT")
        changing.result()
    assert store.sessions.all_of(ada.id, 1) == []


def test_a_change_of_the_password_that_waits_for_another_changes_nothing(
    testbed: OwnDatabase, store: Store, owner: AdminConnection
) -> None:
    """Both were verified; the one that comes first counts, such as an operator's."""
    old = verified(store, add_user(store, "ada"))
    with (
        open_admin_connection(testbed.settings(OWNER)) as resetting,
        ThreadPoolExecutor(1) as pool,
    ):
        resetting.run("BEGIN")
        resetting.run("UPDATE users SET password_hash = 'of the link'")
        changing = pool.submit(store.users.change_password, old, "new")
        wait_until(lambda: bool(owner.run(WAITING)), "the change to wait for the lock")
        resetting.run("COMMIT")
        with pytest.raises(InvalidPassword):
            changing.result()
    assert owner.run("SELECT password_hash FROM users") == [["of the link"]]


def test_a_link_works_once_however_many_replicas_use_it_at_once(
    testbed: OwnDatabase, store: Store
) -> None:
    ada = add_user(store, "ada")
    reset_password(testbed, "ada", "--token-digest", digest("token"))
    replicas = [Store.on(Database(testbed.settings())) for _ in range(4)]
    ready = Barrier(len(replicas))

    def use(number: int) -> Account | None:
        ready.wait()
        try:
            return replicas[number].password_resets.use("token", f"password {number}")
        except InvalidResetLink:
            return None

    with ThreadPoolExecutor(len(replicas)) as pool:
        results = list(pool.map(use, range(len(replicas))))
    [winner] = [number for number, account in enumerate(results) if account == ada]
    assert results.count(None) == len(replicas) - 1
    assert store.users.sign_in("ada", f"password {winner}").account == ada
