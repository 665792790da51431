"""A message holds its author's name; one that does not is listed all the same."""

import json

from minitwit.models import Account, Reader
from minitwit.store import Store
from minitwit_cli.maintenance.admin_connection import AdminConnection
from tests.store_rows import add_user


def authors(store: Store, reader: Account) -> list[list[str]]:
    """Return the authors of the newest messages, as each list has them."""
    messages = store.messages
    return [
        [message["user"] for message in json.loads(messages.recent_json(10))],
        [post.username for post in messages.public_timeline()],
        [post.username for post in messages.own_timeline(Reader(reader))],
        [post.username for post in messages.own_timeline(Reader(reader, is_busy=True))],
    ]


def test_a_message_holds_its_authors_name(store: Store, owner: AdminConnection) -> None:
    add_user(store, "ada")
    store.messages.add("ada", "hello")
    assert owner.run("SELECT author_name FROM messages") == [["ada"]]


def test_one_that_a_release_before_added_is_listed_with_its_author(
    store: Store, owner: AdminConnection
) -> None:
    ada, bob = add_user(store, "ada"), add_user(store, "bob")
    store.follows.add("ada", "bob")
    owner.run(
        "INSERT INTO messages (author_id, content) "  # noqa: S608
        f"VALUES ({ada.id}, 'before'), ({bob.id}, 'before')"
    )
    store.messages.add("ada", "now")
    for listed in authors(store, ada):
        assert listed == ["ada", "bob", "ada"]
