"""The own timeline of a reader who follows many users, by both of its queries."""

# The numbers that stand in these statements are our own.
# ruff: noqa: S608

import pytest

from minitwit.accounts.sessions import BUSY_READER_FOLLOWS
from minitwit.messages import PAGE_SIZE
from minitwit.models import Account, Reader
from minitwit.store import Store
from minitwit_cli.maintenance.admin_connection import AdminConnection
from tests.store_rows import reader_of

READER, FOLLOWED, STRANGER = 1, range(2, 402), 402


@pytest.fixture
def reader_of_400(owner: AdminConnection) -> int:
    """Return the id of a reader who follows 400 of 401 others."""
    assert 400 > BUSY_READER_FOLLOWS
    owner.run(
        "INSERT INTO users (id, username, email, password_hash) "
        f"SELECT n, 'user ' || n, 'a@b.c', '*' FROM generate_series(1, {STRANGER}) n"
    )
    owner.run(
        "INSERT INTO follows (follower_id, followed_id) "
        f"SELECT {READER}, n FROM generate_series(2, {STRANGER - 1}) n"
    )
    return READER


def post(owner: AdminConnection, author: int, number: int, since: int) -> None:
    """Post so many messages as one user, one a second."""
    owner.run(
        "INSERT INTO messages (author_id, pub_date, content) "
        f"SELECT {author}, {since} + n, n FROM generate_series(1, {number}) n"
    )


def shown(store: Store, reader: int) -> list[tuple[str, int]]:
    """Return author and time of what the reader's own timeline shows."""
    posts = store.messages.own_timeline(Reader(Account(reader, "reader"), is_busy=True))
    return [(post.username, post.pub_date) for post in posts[:PAGE_SIZE]]


def newest(author: int, number: int, since: int, of: int) -> list[tuple[str, int]]:
    """Return the newest of what `post` posted."""
    return [(f"user {author}", since + of - n) for n in range(number)]


def test_who_follows_many_is_busy(
    store: Store, owner: AdminConnection, reader_of_400: int
) -> None:
    reader = Account(reader_of_400, f"user {reader_of_400}")
    assert reader_of(store, reader).is_busy
    owner.run(
        f"DELETE FROM follows WHERE followed_id > {FOLLOWED[BUSY_READER_FOLLOWS - 1]}"
    )
    assert not reader_of(store, reader).is_busy
    assert not reader_of(store, Account(7, "user 7")).is_busy


def test_page_is_found_among_the_newest_of_all(
    store: Store, owner: AdminConnection, reader_of_400: int
) -> None:
    post(owner, author=7, number=40, since=1_000)
    post(owner, author=STRANGER, number=900, since=2_000)
    assert shown(store, reader_of_400) == newest(7, 30, since=1_000, of=40)


def test_page_behind_the_newest_of_all_is_found_by_author(
    store: Store, owner: AdminConnection, reader_of_400: int
) -> None:
    post(owner, author=7, number=40, since=1_000)
    post(owner, author=STRANGER, number=1_100, since=2_000)
    post(owner, author=READER, number=2, since=9_000)
    own = newest(READER, 2, since=9_000, of=2)
    assert shown(store, reader_of_400) == own + newest(7, 28, since=1_000, of=40)


def test_less_than_a_page_is_shown_once(
    store: Store, owner: AdminConnection, reader_of_400: int
) -> None:
    post(owner, author=9, number=3, since=1_000)
    assert shown(store, reader_of_400) == newest(9, 3, since=1_000, of=3)
