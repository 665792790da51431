"""Passwords: the published cost, a salt each, and no telling who exists."""

from nacl.pwhash import argon2id

from minitwit.accounts import passwords


def test_cost_is_the_one_that_owasp_names() -> None:
    parameters = passwords.hash_password("secret").split("$")
    assert parameters[1] == "argon2id"
    assert parameters[3] == "m=19456,t=2,p=1"


def test_same_password_never_has_the_same_hash() -> None:
    assert passwords.hash_password("secret") != passwords.hash_password("secret")


def test_only_the_password_itself_matches() -> None:
    stored = passwords.hash_password("secret")
    assert passwords.matches("secret", stored)
    for wrong in ("Secret", "secret ", "", "secre"):
        assert not passwords.matches(wrong, stored)


def test_nobodys_password_matches_nothing_not_even_the_empty_one() -> None:
    assert not passwords.matches("", None)
    assert not passwords.matches("secret", None)


def test_hash_that_is_none_matches_nothing() -> None:
    assert not passwords.matches("secret", "nonsense")
    assert not passwords.matches("secret", "$argon2id$" + 200 * "x")


def test_hash_of_an_earlier_release_matches_and_is_not_outdated() -> None:
    stored = (
        "$argon2id$v=19$m=19456,t=2,p=1$T5z8bErclLywusyq+8/PlQ$"
        "+yb4lW0sgbFZej/TtK2bStOhRC4owhFnHLy93xWEtek"
    )
    assert passwords.matches("secret", stored)
    assert not passwords.matches("Secret", stored)
    assert not passwords.is_outdated(stored)


def test_hash_of_another_cost_is_outdated() -> None:
    cheap = argon2id.str(b"secret", opslimit=1, memlimit=8192).decode()
    assert passwords.matches("secret", cheap)
    assert passwords.is_outdated(cheap)
    assert not passwords.is_outdated(passwords.hash_password("secret"))
