"""Generated scenarios: repeatable, lifelike, and within the contract's rules."""

import unicodedata
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from minitwit.models import Registration
from minitwit.web.reserved_names import is_reserved
from minitwit_cli.commands import main
from minitwit_cli.simulator.generator import generate
from minitwit_cli.simulator.scenario import Action, read

SMALL = Path(__file__).parents[1] / "scenarios" / "small.tsv"


@pytest.fixture(scope="module")
def course_sized() -> list[Action]:
    return list(generate(users=200, actions=25_922, seed=1))


@pytest.fixture(scope="module")
def small() -> list[Action]:
    with SMALL.open("rb") as file:
        return read(file)


def test_the_shipped_scenario_is_what_its_seed_gives() -> None:
    arguments = ["generate-scenario", "--users=100", "--actions=5200", "--seed=1"]
    result = CliRunner().invoke(main, arguments)
    assert result.stdout_bytes == SMALL.read_bytes()


def test_another_seed_gives_another_scenario() -> None:
    assert list(generate(9, 99, seed=2)) != list(generate(9, 99, seed=3))


def test_the_commands_are_mixed_as_in_the_courses_scenario(
    course_sized: list[Action],
) -> None:
    assert Counter(action.command for action in course_sized) == {
        "register": 200,
        "tweet": 11_306,
        "follow": 9_751,
        "unfollow": 4_665,
    }


def test_about_a_quarter_of_the_unfollows_are_of_strangers(
    course_sized: list[Action],
) -> None:
    follows: set[tuple[str, str]] = set()
    unfollows: Counter[str] = Counter()
    for action in course_sized:
        pair = action.username, action.argument
        if action.command == "follow":
            follows.add(pair)
        elif action.command == "unfollow":
            unfollows["of followed" if pair in follows else "of strangers"] += 1
            follows.discard(pair)
    assert 0.22 < unfollows["of strangers"] / unfollows.total() < 0.28


@pytest.mark.parametrize(
    ("users", "actions"), [(1, 1), (1, 50), (2, 3), (40, 40), (40, 41), (500, 900)]
)
def test_every_user_is_registered_once_and_first(users: int, actions: int) -> None:
    scenario = list(generate(users, actions, seed=7))
    registered: set[str] = set()
    for action in scenario:
        if action.command == "register":
            assert action.username not in registered
            registered.add(action.username)
        assert action.username in registered
        if action.command in ("follow", "unfollow"):
            assert action.argument in registered
    assert len(registered) == users
    assert [action.id for action in scenario] == list(range(actions))


def test_registrations_are_spread_over_the_beginning(
    course_sized: list[Action],
) -> None:
    positions = [a.id for a in course_sized if a.command == "register"]
    assert positions[0] == 0
    assert positions[10] > 10
    assert len(course_sized) * 0.2 < positions[-1] < len(course_sized) * 0.5


def test_a_few_users_are_far_more_active_than_most(course_sized: list[Action]) -> None:
    activity = Counter(action.username for action in course_sized).most_common()
    busiest = sum(times for _, times in activity[:20])
    assert 0.25 < busiest / len(course_sized) < 0.5


def test_delays_lead_from_one_timestamp_to_the_next(small: list[Action]) -> None:
    for earlier, later in pairwise(small):
        assert later.timestamp - earlier.timestamp == later.delay >= 0
    assert len({action.delay for action in small}) > 1000


def test_names_and_messages_obey_the_contract(small: list[Action]) -> None:
    for action in small:
        if action.command == "register":
            Registration(
                username=action.username,
                email=action.argument,
                pwd=action.password or "",
            )
        assert not is_reserved(action.username)
        assert 0 < len(action.argument.strip()) <= 1000


@pytest.mark.parametrize("character", ' "&?#%+<>=;@')
def test_names_have_characters_that_mean_something_to_a_url(
    small: list[Action], character: str
) -> None:
    assert any(character in action.username for action in small)


@pytest.mark.parametrize("character", "\"'\\&?#%+<>/{}\u2028\u202e")
def test_messages_have_characters_that_mean_something_to_software(
    small: list[Action], character: str
) -> None:
    tweets = [action.argument for action in small if action.command == "tweet"]
    assert any(character in tweet for tweet in tweets)


@pytest.mark.parametrize("script", ["ARABIC", "HEBREW", "CJK", "HANGUL", "COMBINING"])
def test_names_and_messages_are_in_many_scripts(
    small: list[Action], script: str
) -> None:
    tweets = [action for action in small if action.command == "tweet"]
    assert any(_holds(action.username, script) for action in tweets)
    assert any(_holds(action.argument, script) for action in tweets)


def test_names_and_messages_go_beyond_the_basic_plane(small: list[Action]) -> None:
    tweets = [action for action in small if action.command == "tweet"]
    assert any(max(action.username) > "\uffff" for action in tweets)
    assert any(max(action.argument) > "\uffff" for action in tweets)


def test_too_few_actions_are_refused_with_what_to_do() -> None:
    arguments = ["generate-scenario", "--users=10", "--actions=9"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "give more --actions or fewer --users" in result.stderr


def _holds(text: str, script: str) -> bool:
    return any(unicodedata.name(c, "").startswith(script) for c in text)
