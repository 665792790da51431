"""What the pages ask of every store: counts, lists, newer messages, moderation.

Imported like tests/store_rows.py.
"""

from collections.abc import Callable

import pytest

from minitwit import follows
from minitwit.discovery.profiles import Counts
from minitwit.errors import NotAuthor, NotModerator, UnknownMessage, UnknownUser
from minitwit.messages import AND_ONE_MORE, PAGE_SIZE
from minitwit.models import Cursor, Post, Reader
from minitwit.store import Store
from tests.store_rows import add_user, contents, cursor_of, reader_of, texts

SetModerator = Callable[[str, bool], None]  # As the operator's command does.


def post_of(store: Store, content: str) -> Post:
    """Return a message by what it says, hidden or not."""
    posts = store.messages.public_timeline(with_hidden=True)
    return next(post for post in posts if post.content == content)


def hide(store: Store, moderator: str, content: str, hidden: bool = True) -> str:
    """Hide or restore a message as a user."""
    account = store.users.find(moderator)
    message_id = post_of(store, content).id
    return store.moderation.set_hidden_as(account.id, message_id, hidden)


def test_counts_are_those_of_one_user_and_leave_hidden_messages_out(
    store: Store,
) -> None:
    for name in ("ada", "bob", "cyd"):
        add_user(store, name)
    store.follows.add("ada", "bob")
    store.follows.add("ada", "cyd")
    store.follows.add("bob", "ada")
    for content in ("one", "two", "three"):
        store.messages.add("ada", content)
    store.moderation.set_hidden(post_of(store, "two").id, True)
    assert store.profiles.find("ada").counts == Counts(2, 2, 1)
    assert store.profiles.find("cyd").counts == Counts(0, 0, 1)


def test_known_names_are_those_that_users_have(store: Store) -> None:
    names = ["null", "NULL", 'a "b"', "c\\d", "{e},f", "Zoë", "Max Q. Mustermann"]
    for name in names:
        add_user(store, name)
    assert store.mentions.known([*names, "nobody", "zoë", ""]) == set(names)
    assert store.mentions.known([]) == set()


def test_lists_of_people_begin_with_the_newest_follow_and_go_on_behind_a_place(
    store: Store,
) -> None:
    star = add_user(store, "star")
    names = [f"fan {number:02}" for number in range(follows.PAGE_SIZE + 2)]
    for name in names:
        add_user(store, name)
        store.follows.add(name, "star")
        store.follows.add("star", name)
    for listed in (store.follows.followers, store.follows.followed):
        page = listed(star.id)
        assert [person.username for person in page] == names[:0:-1]
        rest = listed(star.id, page[-1].place)
        assert [person.username for person in rest] == names[:1]


def test_newer_messages_are_counted_for_all_and_for_a_reader(store: Store) -> None:
    ada = add_user(store, "ada")
    for name in ("bob", "cyd"):
        add_user(store, name)
    store.follows.add("ada", "bob")
    store.messages.add("ada", "seen")
    seen = cursor_of(post_of(store, "seen"))
    for author in ("ada", "bob", "bob", "cyd"):
        store.messages.add(author, "new")
    assert store.messages.newer_public(seen) == 4
    assert store.messages.newer_own(ada.id, seen) == 3
    assert store.messages.newer_public(Cursor(2**60, 1)) == 0


def test_only_a_moderator_hides_and_restores(
    store: Store, set_moderator: SetModerator
) -> None:
    add_user(store, "ada")
    add_user(store, "mod")
    store.messages.add("ada", "rude")
    for name in ("ada", "mod"):
        with pytest.raises(NotModerator):
            hide(store, name, "rude")
    set_moderator("mod", True)
    assert hide(store, "mod", "rude") == "ada"
    assert texts(store.messages.public_timeline()) == []
    assert hide(store, "mod", "rude", hidden=False) == "ada"
    assert texts(store.messages.public_timeline()) == ["rude"]


def test_a_right_that_was_taken_back_is_gone_at_once(
    store: Store, set_moderator: SetModerator
) -> None:
    mod = add_user(store, "mod")
    store.messages.add("mod", "rude")
    set_moderator("mod", True)
    assert reader_of(store, mod).is_moderator
    set_moderator("mod", False)
    assert not reader_of(store, mod).is_moderator
    with pytest.raises(NotModerator):
        hide(store, "mod", "rude")
    with pytest.raises(UnknownUser):
        set_moderator("nobody", True)


def test_a_message_that_is_not_there_cannot_be_hidden(
    store: Store, set_moderator: SetModerator
) -> None:
    mod = add_user(store, "mod")
    set_moderator("mod", True)
    with pytest.raises(UnknownMessage):
        store.moderation.set_hidden_as(mod.id, 12345, True)
    with pytest.raises(UnknownMessage):
        store.moderation.set_hidden(12345, True)


def test_hidden_messages_stand_in_their_places_for_a_moderator_and_nowhere_else(
    store: Store,
) -> None:
    ada, bob = add_user(store, "ada"), add_user(store, "bob")
    store.follows.add("bob", "ada")
    for number in range(AND_ONE_MORE + 2):
        store.messages.add("ada", str(number))
    hidden = [post_of(store, str(n)) for n in (AND_ONE_MORE, AND_ONE_MORE + 1)]
    for post in hidden:
        store.moderation.set_hidden(post.id, True)
    everybodys = [str(number) for number in reversed(range(AND_ONE_MORE))]
    moderators = [str(number) for number in reversed(range(2, AND_ONE_MORE + 2))]
    timelines = store.messages
    for with_hidden, expected in ((False, everybodys), (True, moderators)):
        pages = (
            timelines.public_timeline(None, with_hidden),
            timelines.user_timeline(ada.id, "ada", None, with_hidden),
            timelines.own_timeline(Reader(bob, with_hidden)),
        )
        for page in pages:
            assert texts(page) == expected
            assert [p.id for p in page if p.is_hidden] == (
                [p.id for p in reversed(hidden)] if with_hidden else []
            )
    assert contents(timelines.recent_json(1000)) == everybodys
    assert contents(timelines.recent_json_of("ada", 1000)) == everybodys
    assert timelines.newer_public(Cursor(0, 0)) == AND_ONE_MORE
    assert timelines.hidden_count(ada.id) == 2
    assert timelines.hidden_count(bob.id) == 0


def test_a_message_is_found_by_its_author_and_id_hidden_or_not(store: Store) -> None:
    for name in ("ada", "bob"):
        add_user(store, name)
    store.messages.add("ada", "hello")
    post = post_of(store, "hello")
    assert store.messages.find("ada", post.id) == post
    for author, number in (
        ("bob", post.id),
        ("nobody", post.id),
        ("a\x00b", post.id),
        ("ada", post.id + 1),
        ("ada", 2**63 - 1),
    ):
        with pytest.raises(UnknownMessage):
            store.messages.find(author, number)
    store.moderation.set_hidden(post.id, True)
    assert store.messages.find("ada", post.id) == post._replace(is_hidden=True)


def test_only_its_author_deletes_a_message_hidden_or_not_and_its_id_is_not_used_again(
    store: Store,
) -> None:
    ada, bob = add_user(store, "ada"), add_user(store, "bob")
    for content in ("stays", "hidden", "goes"):
        store.messages.add("ada", content)
    numbers = [post_of(store, content).id for content in ("goes", "hidden")]
    store.moderation.set_hidden(numbers[1], True)
    for number in numbers:
        with pytest.raises(NotAuthor):
            store.messages.delete(bob.id, number)
        store.messages.find("ada", number)
        for _ in range(2):
            store.messages.delete(ada.id, number)
        store.messages.delete(bob.id, number)
        with pytest.raises(UnknownMessage):
            store.messages.find("ada", number)
    assert texts(store.messages.public_timeline(with_hidden=True)) == ["stays"]
    assert store.messages.hidden_count(ada.id) == 0
    assert store.profiles.find("ada").counts.messages == 1
    store.messages.add("ada", "new")
    assert post_of(store, "new").id not in numbers


@pytest.mark.parametrize("is_moderator", [True, False])
def test_pages_are_the_same_in_both_directions(
    store: Store, is_moderator: bool
) -> None:
    ada = add_user(store, "ada")
    for number in range(3 * PAGE_SIZE):
        store.messages.add("ada", str(number))
        if number % 7 == 0:
            store.moderation.set_hidden(post_of(store, str(number)).id, True)
    messages, reader = store.messages, Reader(ada, is_moderator)
    timelines: list[Callable[[Cursor | None], list[Post]]] = [
        lambda start: messages.public_timeline(start, is_moderator),
        lambda start: messages.user_timeline(ada.id, "ada", start, is_moderator),
        lambda start: messages.own_timeline(reader, start),
    ]
    for timeline in timelines:
        newest = timeline(None)[:PAGE_SIZE]
        older = timeline(cursor_of(newest[-1]))[:PAGE_SIZE]
        for first, page in ((older[0], newest), (older[-1], older[:-1])):
            start = Cursor(first.pub_date, first.id, is_newer=True)
            assert timeline(start)[-PAGE_SIZE:][-len(page) :] == page
        end = Cursor(newest[0].pub_date, newest[0].id, is_newer=True)
        assert timeline(end) == []


def test_own_timeline_of_a_moderator_holds_hidden_messages_of_the_followed_only(
    store: Store,
) -> None:
    bob = add_user(store, "bob")
    for name in ("ada", "cyd"):
        add_user(store, name)
        store.messages.add(name, f"of {name}")
        store.moderation.set_hidden(post_of(store, f"of {name}").id, True)
    store.follows.add("bob", "ada")
    own = store.messages.own_timeline(Reader(bob, is_moderator=True))
    assert texts(own) == ["of ada"]
