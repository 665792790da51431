"""Password policy: what is refused, and that anything else is taken as it is."""

import pytest

from minitwit.accounts.password_policy import _common, require_strong
from minitwit.errors import InvalidInput


def refusal(password: str, username: str = "ada", email: str = "lovelace@b.c") -> str:
    """Return why a password is refused; empty if it is not."""
    try:
        require_strong(password, "password", username, email)
    except InvalidInput as error:
        assert error.field == "password"
        return str(error)
    return ""


@pytest.mark.parametrize("password", ["", "a", "Zq8!vR2", "é" * 7])
def test_a_password_has_at_least_eight_characters(password: str) -> None:
    assert refusal(password) == "Choose a password of at least 8 characters"


@pytest.mark.parametrize(
    "password", ["12345678", "password1", "PassWord1", "qwertyuiop"]
)
def test_a_common_password_is_refused_in_any_case(password: str) -> None:
    assert "most common" in refusal(password)


def test_the_list_holds_more_than_the_three_thousand_that_asvs_asks_for() -> None:
    known = list(_common())
    assert len(known) > 10_000
    assert known == sorted(set(known))


@pytest.mark.parametrize(
    "password",
    ["minitwit!2026", "MiniTwit.1", "super_safe!", "2026_Ada_11", "Lovelace99!"],
)
def test_a_word_about_site_or_account_is_refused(password: str) -> None:
    assert "your name or that of the site" in refusal(password)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "zvxq wkjh",
        "鯨と梟の旅行記録",
        "        x",
        "minitwit is fun",
        "x" * 5000,
    ],
)
def test_any_other_password_of_any_composition_is_accepted(password: str) -> None:
    assert refusal(password) == ""


def test_an_account_without_letters_forbids_nothing_more() -> None:
    assert refusal("83659 27461", username="1234", email="5@b.c") == ""
