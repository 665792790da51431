"""The own timeline against the plain statement that says what it is.

Authors write much or little, several messages have one time, and some are hidden.
"""

# The numbers that stand in these statements are our own.
# ruff: noqa: S608

import random
from itertools import product

import pytest

from minitwit.models import Account, Cursor, Reader
from minitwit.store import Store
from minitwit_cli.maintenance.admin_connection import AdminConnection

READER, USERS, MESSAGES = 1, 60, 3_000


def write(owner: AdminConnection, draw: random.Random) -> None:
    """Let users write; a few of them write most."""
    owner.run(
        "INSERT INTO users (id, username, email, password_hash) "
        f"SELECT n, 'user ' || n, 'a@b.c', '*' FROM generate_series(1, {USERS}) n"
    )
    rows = ",".join(
        f"({1 + int(USERS * draw.random() ** 3)}, {draw.randint(-50, 900)}, "
        f"{draw.random() < 0.1}, '{number}')"
        for number in range(MESSAGES)
    )
    owner.run(
        f"INSERT INTO messages (author_id, pub_date, flagged, content) VALUES {rows}"
    )


def follow(owner: AdminConnection, authors: list[int]) -> None:
    """Let the reader follow these and nobody else."""
    owner.run(f"DELETE FROM follows WHERE follower_id = {READER}")
    for author in authors:
        owner.run(f"INSERT INTO follows VALUES (DEFAULT, {READER}, {author})")


def plainly(owner: AdminConnection, authors: list[int], start: Cursor) -> list[int]:
    """Return what the page holds, found the slow way."""
    side, order = (">", "ASC") if start.is_newer else ("<", "DESC")
    among = ",".join(str(author) for author in [READER, *authors])
    rows = owner.run(
        f"SELECT id FROM messages WHERE author_id IN ({among}) AND NOT flagged "
        f"AND (pub_date, id) {side} ({start.pub_date}, {start.id}) "
        f"ORDER BY pub_date {order}, id {order} LIMIT 31"
    )
    ids = [int(row[0]) for row in rows]
    return ids[::-1] if start.is_newer else ids


@pytest.mark.parametrize("seed", range(4))
def test_page_is_what_the_plain_statement_finds(
    store: Store, owner: AdminConnection, seed: int
) -> None:
    draw = random.Random(seed)  # noqa: S311
    write(owner, draw)
    for number in (0, 1, 5, 15, 28, 59):
        # One may follow oneself, which changes nothing.
        authors = draw.sample(range(READER, USERS + 1), number)
        follow(owner, authors)
        for pub_date, is_newer in product((1_000, 700, 300, 3, -45), (False, True)):
            start = Cursor(pub_date, draw.randint(1, MESSAGES), is_newer)
            expected = plainly(owner, authors, start)
            for is_busy in (False, True):
                assert shown(store, start, is_busy) == expected


def shown(
    store: Store, start: Cursor | None = None, is_busy: bool = False
) -> list[int]:
    """Return the messages of a page of the reader's own timeline."""
    reader = Reader(Account(READER, "reader"), is_busy=is_busy)
    return [post.id for post in store.messages.own_timeline(reader, start)]


@pytest.mark.parametrize("seed", range(2))
def test_newest_page_is_never_an_earlier_one(
    store: Store, owner: AdminConnection, seed: int
) -> None:
    """It is read down to where it ended, which messages and follows may have moved."""
    draw = random.Random(seed)  # noqa: S311
    write(owner, draw)
    changes = (
        "SELECT",
        "UPDATE messages SET pub_date = pub_date + 60 WHERE id % 50 = 0",
        "UPDATE messages SET pub_date = pub_date - 60 WHERE id % 50 = 0",
        "DELETE FROM messages WHERE pub_date > 890",
        "UPDATE messages SET flagged = true WHERE pub_date > 880",
        "UPDATE messages SET flagged = false",
        "DELETE FROM messages WHERE pub_date > 100",
        "DELETE FROM messages",
    )
    for change in changes:
        owner.run(change)
        for number in (15, 59, 1, 0):
            authors = draw.sample(range(READER, USERS + 1), number)
            follow(owner, authors)
            newest = Cursor(2**63 - 1, 2**63 - 1)
            for _ in range(2):
                assert shown(store) == plainly(owner, authors, newest)
