"""What moderators ask of every store: reports and suspended accounts.

Imported like tests/store_rows.py.
"""

import time
from collections.abc import Callable

import pytest

from minitwit.accounts.sessions import SessionClaim
from minitwit.errors import (
    AccountSuspended,
    InvalidInput,
    InvalidPassword,
    ModeratorProtected,
    NotModerator,
    UnknownMessage,
    UnknownUser,
)
from minitwit.models import Account, Post, Reader
from minitwit.moderation.reports import AND_ONE_MORE
from minitwit.store import Store
from tests.store_rows import add_user, contents, reader_of, texts, verified

SetModerator = Callable[[str, bool], None]  # As the operator's command does.


def moderator(store: Store, set_moderator: SetModerator) -> Account:
    """Return the account of a new moderator."""
    account = add_user(store, "mod")
    set_moderator("mod", True)
    return account


def posted(store: Store, author: str, content: str) -> Post:
    """Post a message and return it."""
    store.messages.add(author, content)
    account = store.users.find(author)
    return store.messages.user_timeline(account.id, author)[0]


def queue(store: Store) -> list[tuple[str, int]]:
    """Return what the reported messages say, and how many have reported each."""
    return [(entry.post.content, entry.reports) for entry in store.reports.page()]


def test_a_reader_reports_a_message_once_and_a_moderator_dismisses(
    store: Store, set_moderator: SetModerator
) -> None:
    mod = moderator(store, set_moderator)
    ada, bob, cyd = (add_user(store, name) for name in ("ada", "bob", "cyd"))
    rude, other = posted(store, "ada", "rude"), posted(store, "ada", "other")
    before = int(time.time())
    for reporter in (bob, bob, cyd):
        store.reports.add(reporter.id, rude.id)
    store.reports.add(bob.id, other.id)
    assert queue(store) == [("other", 1), ("rude", 2)]
    entry = store.reports.page()[1]
    assert entry.post == rude
    assert before - 60 <= entry.first_reported_at <= before + 60
    assert reader_of(store, mod) == Reader(mod, is_moderator=True, reported=2)
    assert reader_of(store, bob) == Reader(bob)
    with pytest.raises(NotModerator):
        store.reports.dismiss(bob.id, rude.id)
    store.reports.dismiss(mod.id, rude.id)
    store.reports.add(bob.id, rude.id)
    assert queue(store) == [("other", 1)]
    store.reports.dismiss(mod.id, 12345)
    with pytest.raises(InvalidInput, match="your own"):
        store.reports.add(ada.id, rude.id)


def test_what_is_not_shown_cannot_be_reported_and_hiding_closes_reports(
    store: Store, set_moderator: SetModerator
) -> None:
    mod = moderator(store, set_moderator)
    add_user(store, "ada")
    bob = add_user(store, "bob")
    rude = posted(store, "ada", "rude")
    store.reports.add(bob.id, rude.id)
    assert store.moderation.set_hidden_as(mod.id, rude.id, True) == "ada"
    assert queue(store) == []
    for message_id in (rude.id, 12345):
        with pytest.raises(UnknownMessage):
            store.reports.add(mod.id, message_id)
    store.moderation.set_hidden(rude.id, False)
    assert queue(store) == []


def test_pages_of_reports_join_without_gap_or_overlap(store: Store) -> None:
    add_user(store, "ada")
    bob = add_user(store, "bob")
    numbers = range(AND_ONE_MORE + 5)
    for number in numbers:
        store.reports.add(bob.id, posted(store, "ada", str(number)).id)
    shown = store.reports.page()
    assert len(shown) == AND_ONE_MORE
    shown += store.reports.page(shown[-1].post.id)
    assert [e.post.content for e in shown] == [str(n) for n in reversed(numbers)]


def test_a_suspended_account_can_neither_sign_in_nor_post(
    store: Store, set_moderator: SetModerator
) -> None:
    mod = moderator(store, set_moderator)
    ada = add_user(store, "ada")
    posted(store, "ada", "before")
    session = store.sessions.start(verified(store, ada), "a browser", days=1)
    claims = [
        SessionClaim(ada.id, "ada", number, time.time() - 60)
        for number in (session, None)
    ]
    assert [store.sessions.account(claim) for claim in claims] == [ada, ada]
    signing_in = verified(store, ada)
    store.suspensions.suspend("ada", mod.id)
    assert store.users.find("ada").is_suspended
    with pytest.raises(InvalidPassword):
        store.sessions.start(signing_in, "a browser", days=1)
    # Not all its messages are hidden yet.
    assert store.profiles.find("ada").posts == []
    assert [store.sessions.account(claim) for claim in claims] == [None, None]
    assert store.sessions.reader(claims[0]) is None
    with pytest.raises(AccountSuspended):
        store.users.sign_in("ada", "ada's password")
    with pytest.raises(AccountSuspended):
        store.messages.add("ada", "after", latest=7)
    with pytest.raises(AccountSuspended):
        store.messages.add_once("ada", "after", "token")
    assert store.latest.value() == 7
    store.suspensions.lift("ada", mod.id)
    assert store.users.sign_in("ada", "ada's password").account == ada
    # What ended stays ended.
    assert [store.sessions.account(claim) for claim in claims] == [None, None]
    posted(store, "ada", "after")


def test_a_suspended_account_is_in_no_list_of_people(
    store: Store, set_moderator: SetModerator
) -> None:
    mod = moderator(store, set_moderator)
    ada, bob, _ = (add_user(store, name) for name in ("ada", "bob", "cyd"))
    for follower, followed in (("ada", "bob"), ("cyd", "bob"), ("bob", "ada")):
        store.follows.add(follower, followed)

    def lists() -> list[list[str]]:
        pages = (store.follows.followers(bob.id), store.follows.followed(bob.id))
        return [[person.username for person in page] for page in pages]

    assert lists() == [["cyd", "ada"], ["ada"]]
    store.suspensions.suspend("ada", mod.id)
    assert lists() == [["cyd"], []]
    # What is suspended itself is still shown whole.
    assert [p.username for p in store.follows.followed(ada.id)] == ["bob"]
    store.suspensions.lift("ada", mod.id)
    assert lists() == [["cyd", "ada"], ["ada"]]


def test_lifting_a_suspension_shows_only_what_it_has_hidden(
    store: Store, set_moderator: SetModerator
) -> None:
    mod = moderator(store, set_moderator)
    ada, bob = add_user(store, "ada"), add_user(store, "bob")
    rude = posted(store, "ada", "rude")
    posted(store, "ada", "kind")
    store.moderation.set_hidden(rude.id, True)
    reported = posted(store, "ada", "reported")
    store.reports.add(bob.id, reported.id)
    posted(store, "bob", "of bob")
    store.suspensions.suspend("ada")
    store.suspensions.suspend("ada")
    store.suspensions.run_jobs()
    assert contents(store.messages.recent_json(10)) == ["of bob"]
    assert contents(store.messages.recent_json_of("ada", 10)) == []
    assert queue(store) == []
    # Moderators find the rest on the author's own page, where it floods no other.
    merged = store.messages.public_timeline(with_hidden=True)
    assert texts(merged) == ["of bob", "rude"]
    own = store.messages.own_timeline(Reader(ada, is_moderator=True))
    assert texts(own) == ["rude"]
    page = store.messages.user_timeline(ada.id, "ada", with_hidden=True)
    assert texts(page) == ["reported", "kind", "rude"]
    with pytest.raises(AccountSuspended):
        store.moderation.set_hidden_as(mod.id, reported.id, False)
    store.moderation.set_hidden(reported.id, True)
    store.suspensions.lift("ada")
    store.suspensions.lift("ada")
    store.suspensions.run_jobs()
    assert contents(store.messages.recent_json(10)) == ["of bob", "kind"]


def test_who_may_suspend_and_be_suspended(
    store: Store, set_moderator: SetModerator
) -> None:
    mod = moderator(store, set_moderator)
    ada = add_user(store, "ada")
    add_user(store, "bob")
    for change in (store.suspensions.suspend, store.suspensions.lift):
        with pytest.raises(NotModerator):
            change("bob", ada.id)
        for name in ("nobody", "a\x00b"):
            with pytest.raises(UnknownUser):
                change(name, mod.id)
    for moderator_id in (mod.id, None):
        with pytest.raises(ModeratorProtected):
            store.suspensions.suspend("mod", moderator_id)
    assert not store.users.find("bob").is_suspended
    assert not store.users.find("mod").is_suspended
