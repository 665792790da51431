"""Tests of the throttle of wrong passwords that every store passes.

A fixture `pass_seconds` makes the store believe that time has passed.
"""

from collections.abc import Callable

import pytest

from minitwit.accounts.sign_in_throttle import (
    CAPACITY,
    REFILL_SECONDS,
    UNKNOWN_BROWSER,
    KnownBrowser,
)
from minitwit.errors import (
    InvalidPassword,
    InvalidUsername,
    TooManyAttempts,
    UsernameTaken,
)
from minitwit.models import Account, Registration
from minitwit.store import Store

PassSeconds = Callable[[float], None]


def register(store: Store, name: str) -> Account:
    """Register a user and return the account."""
    store.users.add(Registration(username=name, email="a@b.c", pwd="right"))
    return store.users.find(name)


def guess(
    store: Store, name: str, times: int, browser: KnownBrowser = UNKNOWN_BROWSER
) -> list[type[Exception]]:
    """Send wrong passwords and return what became of them."""
    results: list[type[Exception]] = []
    for number in range(times):
        with pytest.raises(
            (InvalidPassword, InvalidUsername, TooManyAttempts)
        ) as caught:
            store.users.sign_in(name, f"wrong {number}", browser)
        results.append(caught.type)
    return results


def test_wrong_passwords_beyond_the_capacity_are_refused(store: Store) -> None:
    register(store, "ada")
    results = guess(store, "ada", CAPACITY + 5)
    assert results == [InvalidPassword] * CAPACITY + [TooManyAttempts] * 5


def test_no_password_is_verified_without_a_token(store: Store) -> None:
    ada = register(store, "ada")
    guess(store, "ada", CAPACITY)
    with pytest.raises(TooManyAttempts) as caught:
        store.users.sign_in("ada", "right")
    assert caught.value.user_id == ada.id


def test_the_right_password_signs_in_once_a_token_has_come(
    store: Store, pass_seconds: PassSeconds
) -> None:
    ada = register(store, "ada")
    guess(store, "ada", CAPACITY + 20)
    pass_seconds(REFILL_SECONDS)
    assert store.users.sign_in("ada", "right").account == ada


def test_one_token_comes_at_a_time_and_no_more_than_fit(
    store: Store, pass_seconds: PassSeconds
) -> None:
    register(store, "ada")
    guess(store, "ada", CAPACITY)
    pass_seconds(REFILL_SECONDS)
    assert guess(store, "ada", 2) == [InvalidPassword, TooManyAttempts]
    pass_seconds(REFILL_SECONDS * CAPACITY * 7)
    assert guess(store, "ada", CAPACITY + 1).count(InvalidPassword) == CAPACITY


def test_a_right_password_costs_nothing(store: Store) -> None:
    ada = register(store, "ada")
    assert guess(store, "ada", CAPACITY - 1) == [InvalidPassword] * (CAPACITY - 1)
    for _ in range(CAPACITY):
        assert store.users.sign_in("ada", "right").account == ada
    assert guess(store, "ada", 2) == [InvalidPassword, TooManyAttempts]


def test_a_name_without_an_account_is_throttled_alike(store: Store) -> None:
    results = guess(store, "nobody", CAPACITY + 1)
    assert results == [InvalidUsername] * CAPACITY + [TooManyAttempts]
    assert guess(store, "a\x00b", CAPACITY + 1)[-1] == TooManyAttempts


def test_another_account_is_not_throttled(store: Store) -> None:
    register(store, "ada")
    bob = register(store, "bob")
    guess(store, "ada", CAPACITY + 1)
    assert store.users.sign_in("bob", "right").account == bob


def test_a_known_browser_gets_in_during_an_attack_and_is_bounded_too(
    store: Store,
) -> None:
    ada = register(store, "ada")
    browser = KnownBrowser.new().signed_in("ada")
    guess(store, "ada", CAPACITY + 1)
    assert store.users.sign_in("ada", "right", browser).account == ada
    assert guess(store, "ada", CAPACITY + 1, browser)[-1] == TooManyAttempts


def test_a_browser_known_to_one_account_is_not_to_another(store: Store) -> None:
    register(store, "ada")
    browser = KnownBrowser.new().signed_in("bob")
    guess(store, "ada", CAPACITY)
    assert guess(store, "ada", 1, browser) == [TooManyAttempts]


def test_a_sign_up_form_guesses_no_more_passwords_than_a_sign_in(
    store: Store, pass_seconds: PassSeconds
) -> None:
    """Name and e-mail address of a recent registration are known to the attacker."""
    ada = register(store, "ada")
    again = Registration(username="ada", email="a@b.c", pwd="right")
    for number in range(CAPACITY):
        store.users.add_once(again)
        guessed = Registration(username="ada", email="a@b.c", pwd=f"wrong {number}")
        with pytest.raises(UsernameTaken):
            store.users.add_once(guessed)
    with pytest.raises(UsernameTaken):
        store.users.add_once(again)
    with pytest.raises(TooManyAttempts):
        store.users.sign_in("ada", "right")
    pass_seconds(REFILL_SECONDS)
    store.users.add_once(again)
    assert store.users.sign_in("ada", "right").account == ada


def test_another_e_mail_address_for_a_taken_name_costs_no_token(store: Store) -> None:
    ada = register(store, "ada")
    for _ in range(CAPACITY + 1):
        other = Registration(username="ada", email="x@y.z", pwd="wrong")
        with pytest.raises(UsernameTaken):
            store.users.add_once(other)
    assert store.users.sign_in("ada", "right").account == ada
