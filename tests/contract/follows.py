"""Follows in the API."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.contract.callers import Callers, assert_error, new_name


# contract: S5
@pytest.mark.parametrize("action", ["follow", "unfollow"])
def test_changing_follows_is_204_with_an_empty_body(
    minitwit: Callers, action: str
) -> None:
    ada, bob = minitwit.somebody, minitwit.somebody
    answer = minitwit.simulator.post(f"/fllws/{ada}", json={action: bob})
    assert (answer.status_code, answer.content) == (204, b"")


def test_following_and_unfollowing_show_in_the_list(minitwit: Callers) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    minitwit.follow(ada, bob)
    assert minitwit.follows(ada) == [bob]
    assert minitwit.follows(bob) == []
    minitwit.simulator.post(f"/fllws/{ada}", json={"unfollow": bob})
    assert minitwit.follows(ada) == []


# contract: F1
def test_follows_of_an_unknown_user_are_404(minitwit: Callers) -> None:
    assert_error(minitwit.simulator.get(f"/fllws/{new_name()}"), 404)


# contract: F1
@pytest.mark.parametrize("action", ["follow", "unfollow"])
def test_unknown_user_or_target_is_404(minitwit: Callers, action: str) -> None:
    ada, nobody = minitwit.user(), new_name()
    for user, target in [(ada, nobody), (nobody, ada), (nobody, nobody)]:
        answer = minitwit.simulator.post(f"/fllws/{user}", json={action: target})
        assert_error(answer, 404)
    assert minitwit.follows(ada) == []


@pytest.mark.parametrize("action", ["follow", "unfollow"])
@pytest.mark.parametrize("target", ["", "a\x00b", "x" * 5000, "../../etc"])
def test_target_that_can_be_nobodys_name_is_404(
    minitwit: Callers, action: str, target: str
) -> None:
    answer = minitwit.simulator.post(
        f"/fllws/{minitwit.somebody}", json={action: target}
    )
    assert_error(answer, 404)


# contract: F2
def test_follow_twice_is_204_and_one_row(minitwit: Callers) -> None:
    ada, bob, eve = minitwit.user(), minitwit.user(), minitwit.user()
    for target in (bob, eve, bob):
        minitwit.follow(ada, target)
    assert minitwit.follows(ada) == [bob, eve]
    minitwit.simulator.post(f"/fllws/{ada}", json={"unfollow": bob})
    assert minitwit.follows(ada) == [eve]


# contract: F2
def test_unfollow_somebody_not_followed_is_204(minitwit: Callers) -> None:
    ada, bob = minitwit.user(), minitwit.user()
    answer = minitwit.simulator.post(f"/fllws/{ada}", json={"unfollow": bob})
    assert (answer.status_code, answer.content) == (204, b"")


# contract: F2
def test_follow_oneself_is_204(minitwit: Callers) -> None:
    ada = minitwit.user()
    minitwit.follow(ada, ada)
    answer = minitwit.simulator.post(f"/fllws/{ada}", json={"unfollow": ada})
    assert answer.status_code == 204


# contract: F3
@pytest.mark.parametrize(
    "body",
    [{}, {"follows": "x"}, {"follow": None}, {"follow": 5}, {"unfollow": ["x"]}],
)
def test_neither_follow_nor_unfollow_is_400(
    minitwit: Callers, body: dict[str, Any]
) -> None:
    assert_error(minitwit.simulator.post(f"/fllws/{minitwit.somebody}", json=body), 400)


# contract: F3
def test_follow_wins_over_unfollow(minitwit: Callers) -> None:
    ada, bob, eve = minitwit.user(), minitwit.user(), minitwit.user()
    minitwit.follow(ada, eve)
    both = {"unfollow": eve, "follow": bob}
    answer = minitwit.simulator.post(f"/fllws/{ada}", json=both)
    assert answer.status_code == 204
    assert minitwit.follows(ada) == [eve, bob]


# contract: F4, A5
def test_follows_are_at_most_no_names_oldest_follow_first(minitwit: Callers) -> None:
    ada = minitwit.user()
    others = [minitwit.user() for _ in range(4)]
    order = [others[2], others[0], others[3], others[1]]
    for other in order:
        minitwit.follow(ada, other)
    path = f"/fllws/{ada}"
    expected = {"": 4, "x": 4, "-3": 4, "0": 0, "1": 1, "3": 3, "5000": 4, "9" * 30: 4}
    for no, count in expected.items():
        answer = minitwit.simulator.get(path, params={"no": no})
        assert answer.json() == {"follows": order[:count]}, no


def test_following_again_after_unfollowing_is_the_newest_follow(
    minitwit: Callers,
) -> None:
    ada, bob, eve = minitwit.user(), minitwit.user(), minitwit.user()
    minitwit.follow(ada, bob)
    minitwit.follow(ada, eve)
    minitwit.simulator.post(f"/fllws/{ada}", json={"unfollow": bob})
    minitwit.follow(ada, bob)
    assert minitwit.follows(ada) == [eve, bob]


def test_names_with_spaces_and_unicode_follow_each_other(minitwit: Callers) -> None:
    ada, bob = new_name("Roger Histand"), new_name("Zoë 🐘")
    minitwit.register(ada)
    minitwit.register(bob)
    path = f"/fllws/{quote(ada)}"
    assert "%20" in path
    assert minitwit.simulator.post(path, json={"follow": bob}).status_code == 204
    assert minitwit.simulator.get(path).json() == {"follows": [bob]}
