"""The store in PostgreSQL does what the store does."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from minitwit.accounts.sign_in_throttle import CAPACITY
from minitwit.errors import InvalidPassword, NotPermitted, TooManyAttempts
from minitwit.models import Registration
from minitwit.postgres.database import Database
from minitwit.postgres.roles import function_role
from minitwit.store import Store
from minitwit.users import Users
from minitwit.web.routes import FUNCTIONS
from minitwit_cli.maintenance.admin_connection import AdminConnection
from tests import (
    discovery_rows,
    moderation_rows,
    page_rows,
    store_rows,
    throttle_rows,
)
from tests.in_process import callers_of
from tests.postgres.databases import OwnDatabase

SHARED_ROWS = (discovery_rows, moderation_rows, page_rows, store_rows, throttle_rows)


@pytest.fixture
def pass_seconds(owner: AdminConnection) -> Callable[[float], None]:
    """Return what makes the buckets of wrong passwords older."""

    def make_older(seconds: float) -> None:
        older = f"full_at - make_interval(secs => {seconds})"
        owner.run(f"UPDATE sign_in_attempts SET full_at = {older}")  # noqa: S608

    return make_older


def test_the_functions_cannot_make_moderators(
    store: Store, testbed: OwnDatabase
) -> None:
    store_rows.add_user(store, "ada")
    for function in FUNCTIONS:
        database = Database(testbed.settings(function_role(function)))
        with closing(database), pytest.raises(NotPermitted, match="be the owner"):
            Store.on(database).moderation.set_moderator("ada", True)


def test_a_signed_out_readers_pages_are_read_where_the_messages_are(
    testbed: OwnDatabase, store: Store
) -> None:
    """So a standby serves them while there is no primary."""
    store_rows.add_user(store, "ada")
    store.messages.add("ada", "to @ada")
    [post] = store.messages.public_timeline()
    asked: list[str] = []
    settings = testbed.settings(function_role("timeline"))
    primary = Database(settings, observe=lambda query, _: asked.append(query))
    with closing(primary), closing(Database(settings)) as standby:
        callers = callers_of(Store.on(primary, standby), functions=["timeline"])
        for path in ("/public", "/ada", f"/ada/{post.id}", "/public/feed", "/ada/feed"):
            assert callers.anybody.get(path).status_code == 200
        assert 'href="/ada"' in callers.anybody.get("/public").text
    assert asked == []


def test_a_sign_in_without_earlier_mistakes_is_one_statement(
    testbed: OwnDatabase,
) -> None:
    asked: list[str] = []
    database = Database(
        testbed.settings(), observe=lambda query, _: asked.append(query)
    )
    users = Users(database)
    users.add(Registration(username="ada", email="a@b.c", pwd="right"))
    asked.clear()
    users.sign_in("ada", "right")
    assert asked == ["begin_attempt"]


def test_wrong_passwords_at_once_get_no_further_than_one_after_the_other(
    store: Store,
) -> None:
    throttle_rows.register(store, "ada")
    [first] = throttle_rows.guess(store, "ada", 1)
    with ThreadPoolExecutor(2 * CAPACITY) as pool:
        guesses = [
            pool.submit(throttle_rows.guess, store, "ada", 1)
            for _ in range(3 * CAPACITY)
        ]
    results = Counter([first, *(guess.result()[0] for guess in guesses)])
    assert results == {InvalidPassword: CAPACITY, TooManyAttempts: 2 * CAPACITY + 1}
