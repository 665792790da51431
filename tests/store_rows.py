"""Tests that every store passes: PostgreSQL's and the in-memory fake.

Each kind of test imports these rows and gives them its own `store` and `flag`.
"""

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from minitwit.accounts.export import Place
from minitwit.accounts.password_resets import digest
from minitwit.accounts.sessions import MAX_SESSIONS, SessionClaim
from minitwit.discovery.profiles import Counts
from minitwit.errors import (
    InvalidPassword,
    InvalidResetLink,
    InvalidUsername,
    UnknownUser,
    UsernameTaken,
)
from minitwit.messages import AND_ONE_MORE
from minitwit.models import (
    Account,
    Cursor,
    Post,
    Reader,
    Registration,
    VerifiedAccount,
)
from minitwit.store import Store

AddLink = Callable[[str, str], None]  # As the operator's command does.
Flag = Callable[[str], None]  # Flags the message of a content, as a moderator does.


def add_user(store: Store, name: str) -> Account:
    """Register a user and return the account."""
    account = Registration(username=name, email="a@b.c", pwd=f"{name}'s password")
    store.users.add(account)
    return store.users.find(name)


def verified(store: Store, account: Account) -> VerifiedAccount:
    """Verify the password of a user whom `add_user` has registered."""
    return store.users.sign_in(account.username, f"{account.username}'s password")


def claim_of(account: Account, session: UUID | None) -> SessionClaim:
    """Return what the cookie of a session claims."""
    return SessionClaim(account.id, account.username, session, time.time())


def reader_of(store: Store, account: Account) -> Reader:
    """Sign in as an account and return it as a reader."""
    session = store.sessions.move(account.id, "a browser", days=1)
    reader = store.sessions.reader(claim_of(account, session))
    assert reader is not None
    return reader


def texts(posts: list[Post]) -> list[str]:
    """Return what posts say."""
    return [post.content for post in posts]


def contents(listed: str) -> list[str]:
    """Return what the API's JSON says."""
    return [message["content"] for message in json.loads(listed)]


def cursor_of(post: Post) -> Cursor:
    """Return the place behind a post."""
    return Cursor(post.pub_date, post.id)


def test_added_account_is_found_by_its_name(store: Store) -> None:
    ada, bob = add_user(store, "ada"), add_user(store, "bob")
    assert store.users.find("ada") == ada
    assert (ada.username, bob.username) == ("ada", "bob")
    assert ada.id != bob.id


@pytest.mark.parametrize("name", ["nobody", "", "Ada", "ada ", "a\x00b", "x" * 9000])
def test_account_that_is_not_there_is_an_unknown_user(store: Store, name: str) -> None:
    add_user(store, "ada")
    with pytest.raises(UnknownUser):
        store.users.find(name)


def test_second_account_of_a_name_is_refused_and_the_first_stays(store: Store) -> None:
    ada = add_user(store, "ada")
    with pytest.raises(UsernameTaken):
        store.users.add(Registration(username="ada", email="x@y", pwd="other"))
    assert store.users.find("ada") == ada
    assert store.users.sign_in("ada", "ada's password").account == ada


def test_password_signs_its_own_account_in(store: Store) -> None:
    ada = add_user(store, "ada")
    add_user(store, "bob")
    assert store.users.sign_in("ada", "ada's password").account == ada


def test_wrong_password_is_told_from_unknown_name(store: Store) -> None:
    add_user(store, "ada")
    with pytest.raises(InvalidPassword):
        store.users.sign_in("ada", "bob's password")
    for unknown in ("bob", "a\x00b", ""):
        with pytest.raises(InvalidUsername):
            store.users.sign_in(unknown, "ada's password")


def test_follow_is_one_way_and_once(store: Store) -> None:
    ada, bob = add_user(store, "ada"), add_user(store, "bob")
    store.follows.add("ada", "bob")
    store.follows.add("ada", "bob")
    assert store.profiles.find("bob", ada).is_followed
    assert not store.profiles.find("ada", bob).is_followed
    assert not store.profiles.find("bob").is_followed
    assert json.loads(store.follows.names_json("ada", 10)) == ["bob"]
    store.follows.remove("ada", "bob")
    assert not store.profiles.find("bob", ada).is_followed
    store.follows.remove("ada", "bob")
    assert json.loads(store.follows.names_json("ada", 10)) == []


def test_follows_are_listed_oldest_first_and_no_more_than_asked(store: Store) -> None:
    for name in ("ada", "bob", "eve", "joe"):
        add_user(store, name)
    for name in ("joe", "bob", "eve"):
        store.follows.add("ada", name)
    for limit in range(5):
        names = json.loads(store.follows.names_json("ada", limit))
        assert names == ["joe", "bob", "eve"][:limit]


@pytest.mark.parametrize(
    ("follower", "followed"),
    [("ada", "nobody"), ("nobody", "ada"), ("nobody", "nobody"), ("ada", "a\x00b")],
)
def test_follow_and_unfollow_need_both_users(
    store: Store, follower: str, followed: str
) -> None:
    add_user(store, "ada")
    for change in (store.follows.add, store.follows.remove):
        with pytest.raises(UnknownUser):
            change(follower, followed)
    assert json.loads(store.follows.names_json("ada", 10)) == []


@pytest.mark.parametrize("name", ["nobody", "a\x00b"])
def test_lists_of_an_unknown_user_are_refused(store: Store, name: str) -> None:
    with pytest.raises(UnknownUser):
        store.follows.names_json(name, 10)
    with pytest.raises(UnknownUser):
        store.messages.recent_json_of(name, 10)
    with pytest.raises(UnknownUser):
        store.messages.add(name, "hello")


def test_message_has_author_content_and_second(store: Store) -> None:
    add_user(store, "ada")
    store.messages.add("ada", 'ærø 🐘 "\\ \n')
    for listed in (
        store.messages.recent_json(10),
        store.messages.recent_json_of("ada", 10),
    ):
        [message] = json.loads(listed)
        assert message["user"] == "ada"
        assert message["content"] == 'ærø 🐘 "\\ \n'
        assert type(message["pub_date"]) is int
    [post] = store.messages.public_timeline()
    assert (post.username, post.content) == ("ada", 'ærø 🐘 "\\ \n')
    assert post.pub_date == message["pub_date"]


def test_a_form_that_is_sent_twice_adds_one_message(store: Store) -> None:
    add_user(store, "ada")
    for _ in range(2):
        store.messages.add_once("ada", "once", "a form")
    store.messages.add_once("ada", "once", "another form")
    assert contents(store.messages.recent_json(10)) == ["once", "once"]


def test_lists_are_newest_first_and_no_longer_than_asked(store: Store) -> None:
    add_user(store, "ada")
    for number in range(5):
        store.messages.add("ada", str(number))
    for limit in range(7):
        expected = ["4", "3", "2", "1", "0"][:limit]
        assert contents(store.messages.recent_json(limit)) == expected
        assert contents(store.messages.recent_json_of("ada", limit)) == expected


def test_messages_before_any_are_empty_lists(store: Store) -> None:
    ada = add_user(store, "ada")
    assert store.messages.recent_json(10) == "[]"
    assert store.messages.recent_json_of("ada", 10) == "[]"
    assert store.messages.public_timeline() == []
    assert store.messages.own_timeline(Reader(ada)) == []
    assert store.messages.user_timeline(ada.id, "ada") == []
    assert store.profiles.find("ada").posts == []


def test_flagged_messages_are_left_out_of_every_list(store: Store, flag: Flag) -> None:
    ada = add_user(store, "ada")
    for content in ("first", "bad", "last"):
        store.messages.add("ada", content)
    flag("bad")
    shown = ["last", "first"]
    assert contents(store.messages.recent_json(10)) == shown
    assert contents(store.messages.recent_json_of("ada", 10)) == shown
    assert texts(store.messages.public_timeline()) == shown
    assert texts(store.messages.user_timeline(ada.id, "ada")) == shown
    assert texts(store.profiles.find("ada").posts) == shown
    assert texts(store.messages.own_timeline(Reader(ada))) == shown


def test_each_timeline_shows_its_own_authors(store: Store) -> None:
    ada, bob = add_user(store, "ada"), add_user(store, "bob")
    add_user(store, "eve")
    store.follows.add("ada", "bob")
    for name in ("ada", "bob", "eve"):
        store.messages.add(name, f"by {name}")
    assert texts(store.messages.own_timeline(Reader(ada))) == ["by bob", "by ada"]
    assert texts(store.messages.own_timeline(Reader(bob))) == ["by bob"]
    assert texts(store.messages.user_timeline(bob.id, "bob")) == ["by bob"]
    assert texts(store.profiles.find("bob").posts) == ["by bob"]
    everybody = ["by eve", "by bob", "by ada"]
    assert texts(store.messages.public_timeline()) == everybody


def test_following_oneself_doubles_nothing(store: Store) -> None:
    ada = add_user(store, "ada")
    store.follows.add("ada", "ada")
    store.messages.add("ada", "once")
    assert texts(store.messages.own_timeline(Reader(ada))) == ["once"]


def test_pages_of_every_timeline_join_without_gap_or_overlap(store: Store) -> None:
    ada = add_user(store, "ada")
    # One very busy author among many quiet ones: the busy one's second page must
    # not push out what the quiet ones wrote in between.
    names = ["busy", *(f"quiet {number}" for number in range(40))]
    for name in names:
        add_user(store, name)
        store.follows.add("ada", name)
    expected: list[str] = []
    for number in range(40):
        for name in ("busy", names[1 + number % 40]):
            store.messages.add(name, f"{name}: {number}")
            expected.insert(0, f"{name}: {number}")
    pages: dict[str, Callable[[Any], list[Post]]] = {
        "public": store.messages.public_timeline,
        "own": lambda before: store.messages.own_timeline(Reader(ada), before),
    }
    for name, page in pages.items():
        shown = page(None)
        assert len(shown) == AND_ONE_MORE, name
        while older := page(cursor_of(shown[-1])):
            shown += older
        assert texts(shown) == expected, name


def test_pages_of_one_author_join_without_gap_or_overlap(store: Store) -> None:
    ada = add_user(store, "ada")
    add_user(store, "bob")
    for number in range(61):
        store.messages.add("ada", str(number))
        store.messages.add("bob", "between")
    shown = store.messages.user_timeline(ada.id, "ada")
    assert store.profiles.find("ada").posts == shown
    while older := store.messages.user_timeline(ada.id, "ada", cursor_of(shown[-1])):
        before = cursor_of(shown[-1])
        assert store.profiles.find("ada", before=before).posts == older
        shown += older
    assert texts(shown) == [str(number) for number in range(60, -1, -1)]


def test_mark_is_minus_one_then_what_the_last_wrote(store: Store) -> None:
    assert store.latest.value() == -1
    for value in (5, 3, 0, 2**63 - 1, -(2**63), 7):
        store.latest.record(value)
        assert store.latest.value() == value


def test_a_write_takes_the_mark_along_even_if_it_finds_nobody(store: Store) -> None:
    add_user(store, "ada")
    add_user(store, "bob")
    store.messages.add("ada", "hello", latest=1)
    assert store.latest.value() == 1
    store.follows.add("ada", "bob", latest=2)
    assert store.latest.value() == 2
    store.follows.remove("ada", "bob", latest=3)
    assert store.latest.value() == 3
    store.messages.add("ada", "no mark comes with this")
    assert store.latest.value() == 3
    writes = (store.messages.add, store.follows.add)
    for mark, write in enumerate(writes, 4):
        with pytest.raises(UnknownUser):
            write("nobody", "bob", latest=mark)
        assert store.latest.value() == mark


def test_schema_is_current(store: Store) -> None:
    store.schema.require_current()


def test_a_session_has_its_account_until_it_ends(store: Store) -> None:
    ada, bob = add_user(store, "ada"), add_user(store, "bob")
    session, other = (
        store.sessions.start(verified(store, ada), "a browser", 1) for _ in range(2)
    )
    claims = [SessionClaim(ada.id, "ada", s, time.time()) for s in (session, other)]
    assert [store.sessions.account(claim) for claim in claims] == [ada, ada]
    forged = SessionClaim(bob.id, "bob", session, time.time())
    assert store.sessions.account(forged) is None
    assert store.sessions.reader(forged) is None
    store.sessions.end(forged)
    assert not store.sessions.use(forged)
    assert store.sessions.use(claims[0])
    assert store.sessions.reader(claims[0]) == Reader(ada)
    store.sessions.end(claims[0])
    assert [store.sessions.account(claim) for claim in claims] == [None, ada]
    assert [store.sessions.reader(claim) for claim in claims] == [None, Reader(ada)]


def test_no_session_starts_with_a_password_that_was_replaced(store: Store) -> None:
    """Its verification takes so long that a change of the password gets between."""
    ada = add_user(store, "ada")
    old = verified(store, ada)
    new = store.users.change_password(old, "new")
    with pytest.raises(InvalidPassword):
        store.sessions.start(old, "a browser", 1)
    assert store.sessions.all_of(ada.id, 1) == []
    session = store.sessions.start(new, "a browser", 1)
    assert store.sessions.account(claim_of(ada, session)) == ada


def test_a_password_that_was_replaced_since_it_was_verified_is_not_changed(
    store: Store, add_link: AddLink
) -> None:
    """An operator's link is used while the new password is hashed."""
    ada = add_user(store, "ada")
    old = store.users.check_password(ada, "ada's password")
    add_link("ada", digest("token"))
    store.password_resets.use("token", "of the link")
    session = store.sessions.start(
        store.users.sign_in("ada", "of the link"), "a browser", 1
    )
    add_link("ada", digest("another"))
    with pytest.raises(InvalidPassword):
        store.users.change_password(old, "of the thief")
    assert store.users.sign_in("ada", "of the link").account == ada
    assert store.sessions.account(claim_of(ada, session)) == ada
    assert store.password_resets.account("another") == ada


def test_all_sessions_of_an_account_end_together(store: Store) -> None:
    ada, bob = add_user(store, "ada"), add_user(store, "bob")
    sessions = [
        store.sessions.start(verified(store, ada), "a browser", 1) for _ in range(3)
    ]
    other = store.sessions.start(verified(store, bob), "a browser", 1)
    unnamed = claim_of(ada, None)
    assert store.sessions.account(unnamed) == ada
    store.sessions.end_all(ada.id)
    for claim in (unnamed, *(claim_of(ada, session) for session in sessions)):
        assert store.sessions.account(claim) is None
    assert store.sessions.account(claim_of(bob, other)) == bob
    assert store.sessions.all_of(ada.id, days=1) == []


def test_a_new_password_replaces_the_old_one_and_ends_all_sessions(
    store: Store,
) -> None:
    ada, bob = add_user(store, "ada"), add_user(store, "bob")
    claims = [
        claim_of(who, store.sessions.start(verified(store, who), "a browser", 1))
        for who in (ada, bob)
    ]
    old = store.users.check_password(ada, "ada's password")
    store.users.change_password(old, "new")
    assert [store.sessions.account(claim) for claim in claims] == [None, bob]
    store.users.check_password(ada, "new")
    assert store.users.sign_in("ada", "new").account == ada
    store.users.check_password(bob, "bob's password")
    with pytest.raises(InvalidPassword):
        store.users.sign_in("ada", "ada's password")
    with pytest.raises(InvalidPassword):
        store.users.check_password(ada, "ada's password")


@pytest.mark.parametrize("password", ["", "bob's password", "Ada's password", "\x00"])
def test_a_wrong_password_of_a_signed_in_account_is_refused(
    store: Store, password: str
) -> None:
    ada, _ = add_user(store, "ada"), add_user(store, "bob")
    with pytest.raises(InvalidPassword):
        store.users.check_password(ada, password)
    with pytest.raises(InvalidPassword):
        store.users.check_password(Account(999, "gone"), "ada's password")


def test_sessions_are_listed_with_their_browser_the_last_used_first(
    store: Store,
) -> None:
    ada, bob = add_user(store, "ada"), add_user(store, "bob")
    signed_in = verified(store, ada)
    first, second, third = (
        store.sessions.start(signed_in, f"browser {number}" + "x" * 500, 1)
        for number in range(3)
    )
    store.sessions.start(verified(store, bob), "a browser", 1)
    store.sessions.use(claim_of(ada, first))
    listed = store.sessions.all_of(ada.id, days=1)
    assert [session.id for session in listed] == [first, third, second]
    assert [session.user_agent[:10] for session in listed] == [
        f"browser {number}x" for number in (0, 2, 1)
    ]
    for session in listed:
        assert time.time() - 60 < session.started_at <= session.last_used_at
        assert len(session.user_agent) == 400


def test_one_session_too_many_ends_the_one_unused_for_longest(store: Store) -> None:
    ada = add_user(store, "ada")
    signed_in = verified(store, ada)
    first, second, *others = (
        store.sessions.start(signed_in, "a browser", 1) for _ in range(MAX_SESSIONS)
    )
    store.sessions.use(claim_of(ada, first))
    newest = store.sessions.start(verified(store, ada), "a browser", 1)
    listed = {session.id for session in store.sessions.all_of(ada.id, days=1)}
    assert listed == {first, *others, newest}
    assert store.sessions.account(claim_of(ada, second)) is None


def test_a_cookie_without_a_session_is_good_until_its_account_signs_out(
    store: Store,
) -> None:
    ada = add_user(store, "ada")
    session = store.sessions.start(verified(store, ada), "a browser", 1)
    before = SessionClaim(ada.id, "ada", None, time.time() - 60)
    assert store.sessions.account(before) == ada
    store.sessions.end(SessionClaim(ada.id, "ada", session, time.time()))
    assert store.sessions.account(before) is None
    assert store.sessions.account(SessionClaim(9, "nobody", None, 0)) is None


def test_a_link_sets_a_password_once_and_ends_all_sessions(
    store: Store, add_link: AddLink
) -> None:
    ada, bob = add_user(store, "ada"), add_user(store, "bob")
    claims = [
        claim_of(who, store.sessions.start(verified(store, who), "a browser", 1))
        for who in (ada, bob)
    ]
    add_link("ada", digest("token"))
    assert store.password_resets.account("token") == ada
    assert store.password_resets.use("token", "new") == ada
    assert store.users.sign_in("ada", "new").account == ada
    assert [store.sessions.account(claim) for claim in claims] == [None, bob]
    for token in ("token", "other", "", digest("token")):
        assert store.password_resets.account(token) is None
        with pytest.raises(InvalidResetLink):
            store.password_resets.use(token, "newer")
    assert store.users.sign_in("ada", "new").account == ada


def test_a_link_ends_with_a_newer_one_or_a_change_of_the_password(
    store: Store, add_link: AddLink
) -> None:
    ada, bob = add_user(store, "ada"), add_user(store, "bob")
    for name, token in (("ada", "first"), ("bob", "bob's"), ("ada", "second")):
        add_link(name, digest(token))
    found = map(store.password_resets.account, ("first", "second", "bob's"))
    assert list(found) == [None, ada, bob]
    store.users.change_password(verified(store, ada), "new")
    found = map(store.password_resets.account, ("second", "bob's"))
    assert list(found) == [None, bob]
    with pytest.raises(UnknownUser):
        add_link("nobody", digest("third"))


def test_a_deleted_account_is_gone_and_its_name_is_not_given_away(store: Store) -> None:
    ada = add_user(store, "ada")
    add_user(store, "bob")
    session = store.sessions.start(verified(store, ada), "a browser", 1)
    claim = claim_of(ada, session)
    for name in ("ada", "bob"):
        store.messages.add(name, f"{name} was here")
    store.follows.add("ada", "bob")
    store.follows.add("bob", "ada")
    assert store.deletions.delete(ada)
    store.deletions.resume()
    assert store.sessions.account(claim) is None
    with pytest.raises(UnknownUser):
        store.users.find("ada")
    with pytest.raises(UnknownUser):
        store.messages.add("ada", "still here")
    with pytest.raises(InvalidUsername):
        store.users.sign_in("ada", "secret")
    assert texts(store.messages.public_timeline()) == ["bob was here"]
    assert store.profiles.find("bob").counts == Counts(1, 0, 0)
    with pytest.raises(UsernameTaken):
        add_user(store, "ada")
    with pytest.raises(UsernameTaken):
        store.users.add_once(Registration(username="ada", email="a@b.c", pwd="x"))
    assert store.deletions.delete(ada)


def test_an_export_has_everything_about_an_account(store: Store, flag: Flag) -> None:
    ada = add_user(store, "ada")
    for name in ("bob", "eve"):
        add_user(store, name)
        store.follows.add("ada", name)
        store.follows.add(name, "ada")
    for content in ("first", "rude", 'a "quoted" one'):
        store.messages.add("ada", content)
    store.messages.add("bob", "not ada's")
    flag("rude")
    store.sessions.start(verified(store, ada), "a browser", 1)
    fields, following = store.exports.document(ada.id, Place())
    found = {name: json.loads(text) for name, text in fields.items()}
    account = found["account"]
    assert (account["username"], account["email"]) == ("ada", "a@b.c")
    assert len(found["sessions"]) == 1
    assert found["follows"] == found["followers"] == ["eve", "bob"]
    assert [m["content"] for m in found["messages"]] == ['a "quoted" one', "first"]
    assert [m["content"] for m in found["hidden_messages"]] == ["rude"]
    assert (found["reports"], following) == ([], None)
