"""What every store says of mentions and of people to follow.

Imported like tests/store_rows.py.
"""

import pytest

from minitwit.accounts.sessions import MAX_COUNTED_MENTIONS
from minitwit.discovery.people import MAX_PEOPLE
from minitwit.errors import AccountSuspended, UnknownUser
from minitwit.messages import AND_ONE_MORE
from minitwit.models import Cursor
from minitwit.store import Store
from tests.store_rows import Flag, add_user, cursor_of, reader_of, texts


def mentions(store: Store, name: str) -> list[str]:
    """Return the texts of the first page of a user's mentions."""
    return texts(store.mentions.of(store.users.find(name).id))


def unseen(store: Store, name: str) -> int:
    """Return how many mentions a user has not seen."""
    return reader_of(store, store.users.find(name)).unseen_mentions


def test_a_message_is_found_by_those_whom_it_names(store: Store) -> None:
    for name in ("ada", "Max", "Max Q. Mustermann", "Zoë", "null"):
        add_user(store, name)
    for text in (
        "hello @Max",
        "hello @Max Q. Mustermann, and @Zoe\u0308!",
        "@null, @nobody and @Max and @Max",
        "not@Max nor http://a.example/@Max nor @Maximilian",
    ):
        store.messages.add("ada", text)
    assert mentions(store, "Max") == ["@null, @nobody and @Max and @Max", "hello @Max"]
    for name in ("Max Q. Mustermann", "Zoë"):
        assert mentions(store, name) == [
            "hello @Max Q. Mustermann, and @Zoe\u0308!",
        ]
    assert mentions(store, "null") == ["@null, @nobody and @Max and @Max"]
    assert mentions(store, "ada") == []


def test_authors_do_not_mention_themselves_nor_names_that_come_later(
    store: Store,
) -> None:
    add_user(store, "ada")
    store.messages.add("ada", "I am @ada and wait for @bob")
    add_user(store, "bob")
    assert mentions(store, "ada") == mentions(store, "bob") == []


def test_a_message_with_mentions_is_posted_like_any_other(store: Store) -> None:
    for name in ("ada", "bob"):
        add_user(store, name)
    store.messages.add("ada", "to @bob", latest=7)
    assert store.latest.value() == 7
    for _ in range(2):
        store.messages.add_once("ada", "once to @bob", "a form")
    store.messages.add_once("ada", "once to @bob", "another form")
    assert mentions(store, "bob") == ["once to @bob", "once to @bob", "to @bob"]
    assert texts(store.messages.public_timeline()) == mentions(store, "bob")
    with pytest.raises(UnknownUser):
        store.messages.add("nobody", "to @bob")
    with pytest.raises(UnknownUser):
        store.messages.add_once("nobody", "to @bob", "a form")
    assert store.latest.value() == 7


def test_at_most_twenty_mentions_of_a_message_count(store: Store) -> None:
    names = [f"user {number:02}" for number in range(22)]
    for name in ("ada", *names):
        add_user(store, name)
    store.messages.add("ada", ", ".join(f"@{name}" for name in names))
    assert [len(mentions(store, name)) for name in names] == [1] * 20 + [0] * 2


def test_pages_of_mentions_join_and_leave_hidden_messages_out(
    store: Store, flag: Flag
) -> None:
    ada = add_user(store, "ada")
    add_user(store, "bob")
    for number in range(AND_ONE_MORE + 4):
        store.messages.add("bob", f"@ada {number}")
    for number in (0, 5, AND_ONE_MORE + 3):
        flag(f"@ada {number}")
    shown = store.mentions.of(ada.id)
    assert len(shown) == AND_ONE_MORE
    while older := store.mentions.of(ada.id, cursor_of(shown[-1])):
        shown += older
    visible = [n for n in range(AND_ONE_MORE + 3) if n not in (0, 5)]
    assert texts(shown) == [f"@ada {number}" for number in reversed(visible)]
    assert unseen(store, "ada") == len(visible)
    last = shown[-1]
    newer = store.mentions.of(ada.id, Cursor(last.pub_date, last.id, is_newer=True))
    assert newer == shown[-1 - AND_ONE_MORE : -1]
    newest = store.messages.public_timeline(with_hidden=True)[0]
    store.moderation.set_hidden(newest.id, False)
    assert mentions(store, "ada")[0] == newest.content


def test_mentions_are_counted_until_they_are_seen(store: Store) -> None:
    ada = add_user(store, "ada")
    add_user(store, "bob")
    assert unseen(store, "ada") == 0
    for number in range(3):
        store.messages.add("bob", f"@ada {number}")
    newest, older, _ = store.mentions.of(ada.id)
    store.mentions.see(ada.id, older)
    assert unseen(store, "ada") == 1
    store.mentions.see(ada.id, newest)
    assert unseen(store, "ada") == 0
    store.mentions.see(ada.id, older)
    assert unseen(store, "ada") == 0
    for _ in range(MAX_COUNTED_MENTIONS + 5):
        store.messages.add("bob", "@ada")
    assert (unseen(store, "ada"), unseen(store, "bob")) == (MAX_COUNTED_MENTIONS, 0)


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("a", ["a%b", "a_b", "ada", "Adam"]),
        ("AD", ["ada", "Adam"]),
        ("adam", ["Adam"]),
        ("a%", ["a%b"]),
        ("a_", ["a_b"]),
        ("%", []),
        ("æ", ["Ærlig"]),
        ("zoë", ["Zoë"]),
        ("Zoe\u0308", ["Zoë"]),
        ("d", []),
        ("a\x00", []),
        ("a" * 101, []),
    ],
)
def test_people_are_found_by_how_their_names_begin(
    store: Store, prefix: str, found: list[str]
) -> None:
    for name in ("ada", "Adam", "a%b", "a_b", "Ærlig", "Zoë", "bad"):
        add_user(store, name)
    assert store.people.by_prefix(prefix) == found


def test_no_more_people_than_a_page_are_listed(store: Store) -> None:
    for number in range(MAX_PEOPLE + 2):
        add_user(store, f"user {number:02}")
        store.messages.add(f"user {number:02}", "hello")
    names = [f"user {number:02}" for number in range(MAX_PEOPLE + 2)]
    assert store.people.by_prefix("user") == names[:MAX_PEOPLE]
    assert store.people.active(None) == names[:1:-1]


def test_people_to_follow_have_posted_lately_and_are_not_followed(
    store: Store, flag: Flag
) -> None:
    ada = add_user(store, "ada")
    for name in ("quiet", "followed", "hidden", "bob", "cyd"):
        add_user(store, name)
    for name in ("followed", "hidden", "bob", "cyd", "bob", "ada"):
        store.messages.add(name, f"of {name}")
    flag("of hidden")
    store.follows.add("ada", "followed")
    assert store.people.active(ada.id) == ["bob", "cyd"]
    assert store.people.active(None) == ["ada", "bob", "cyd", "followed"]


def test_whom_a_user_follows_among_some_names(store: Store) -> None:
    ada = add_user(store, "ada")
    for name in ("bob", "cyd", "null"):
        add_user(store, name)
    for name in ("bob", "null"):
        store.follows.add("ada", name)
    names = ["bob", "cyd", "null", "ada"]
    assert store.people.followed_among(ada.id, names) == {"bob", "null"}
    assert store.people.followed_among(store.users.find("bob").id, names) == set()
    assert store.people.followed_among(ada.id, []) == set()


def test_nothing_of_a_suspended_user_is_found_until_the_suspension_ends(
    store: Store,
) -> None:
    ada = add_user(store, "ada")
    add_user(store, "bob")
    store.messages.add("bob", "hello @ada")
    found = (["hello @ada"], ["bob"], ["bob"], 1)
    for change, expected in (
        (lambda name: None, found),
        (store.suspensions.suspend, ([], [], [], 0)),
        (store.suspensions.lift, found),
    ):
        change("bob")
        store.suspensions.run_jobs()
        shown = (
            mentions(store, "ada"),
            store.people.by_prefix("b"),
            store.people.active(ada.id),
            unseen(store, "ada"),
        )
        assert shown == expected
    store.suspensions.suspend("bob")
    with pytest.raises(AccountSuspended):
        store.messages.add("bob", "again @ada")
