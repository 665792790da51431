"""SCALE: its syntax, and the replicas that it stands for."""

import pytest

from deploy.local.errors import LocalRunError
from deploy.local.replicas import (
    MOST,
    ONE_EACH,
    Replica,
    make_replicas,
    parse_scale,
    scale_of,
)


@pytest.mark.parametrize(
    "text",
    ["timeline=3 messages=2", "messages=2,timeline=3", " timeline=3  messages=2 "],
)
def test_a_scale_names_functions_and_numbers(text: str) -> None:
    assert parse_scale(text) == {**ONE_EACH, "timeline": 3, "messages": 2}


def test_functions_that_are_not_named_stay_as_they_are() -> None:
    current = {**ONE_EACH, "follow": 4}
    assert parse_scale("timeline=2", current) == {**current, "timeline": 2}
    assert parse_scale("", current) == current


def test_an_unknown_function_is_refused_with_the_known_names() -> None:
    with pytest.raises(LocalRunError, match="no function 'home': choose from register"):
        parse_scale("home=2")


@pytest.mark.parametrize(
    "word", ["follow", "follow=", "follow=x", "follow=0", "follow=-1", "follow=1.5"]
)
def test_an_invalid_number_is_refused(word: str) -> None:
    with pytest.raises(LocalRunError, match=r"number from 1 to \d+.*follow=3"):
        parse_scale(word)


def test_too_many_replicas_are_refused() -> None:
    assert parse_scale(f"follow={MOST}")["follow"] == MOST
    with pytest.raises(LocalRunError, match=f"from 1 to {MOST}"):
        parse_scale(f"follow={MOST + 1}")


def test_only_missing_replicas_are_made_each_with_two_ports() -> None:
    present = [Replica("follow", 1, 11, 12), Replica("follow", 3, 31, 32)]
    scale = dict.fromkeys(ONE_EACH, 0) | {"follow": 3, "timeline": 1}
    assert make_replicas(scale, present, [1, 2, 3, 4]) == [
        Replica("follow", 2, 1, 2),
        Replica("timeline", 1, 3, 4),
    ]


def test_the_scale_of_replicas_counts_them() -> None:
    replicas = make_replicas({**ONE_EACH, "follow": 2}, [], range(100))
    assert scale_of(replicas) == {**ONE_EACH, "follow": 2}
