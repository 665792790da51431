"""Generates scenarios from a seed, with the proportions of the course's own."""

import string
from collections import Counter
from collections.abc import Iterator

from minitwit_cli.simulator.random_choices import SeededRandom
from minitwit_cli.simulator.scenario import Action, Command
from minitwit_cli.simulator.vocabulary import (
    FRAGMENTS,
    LATIN,
    OTHERS,
    Language,
)

# Of the course's 25,922 actions; the rest are its 200 registrations. Every fourth
# of its unfollows is of a user who is not followed at that point.
_TWEETS, _FOLLOWS, _UNFOLLOWS = 11_306, 9_751, 4_665
_UNFOLLOWS_OF_STRANGERS = 1_179

_START = 1_700_000_000_000  # Unix milliseconds
_MEAN_DELAY = 300_000  # milliseconds

_PASSWORD_CHARACTERS = string.ascii_letters + string.digits + string.punctuation


def generate(users: int, actions: int, seed: int) -> Iterator[Action]:
    """Yield so many actions of so many users, always the same for a seed.

    There must be at least one user and no fewer actions than users.
    """
    random = SeededRandom(seed)
    crowd = _Crowd(random)
    delay, timestamp = 0, _START
    for identity, command in enumerate(_commands(users, actions, random)):
        fields = crowd.act(command)
        yield Action(identity, delay, timestamp, command, *fields)
        # The product of two fractions is a fourth on average.
        delay = int(4 * _MEAN_DELAY * random.fraction() * random.fraction())
        timestamp += delay


def _commands(users: int, actions: int, random: SeededRandom) -> Iterator[Command]:
    others = actions - users
    total = _TWEETS + _FOLLOWS + _UNFOLLOWS
    tweets, follows = others * _TWEETS // total, others * _FOLLOWS // total
    shares: dict[Command, int] = {
        "tweet": tweets,
        "follow": follows,
        "unfollow": others - tweets - follows,
    }
    deck = random.shuffled([c for c, share in shares.items() for _ in range(share)])
    # Users come in the first third, dense at first and ever thinner.
    registrations = {k + others // 3 * k * k // users**2 for k in range(users)}
    for position in range(actions):
        yield "register" if position in registrations else deck.pop()


class _Crowd:
    """The users so far, their follows, and random actions of theirs."""

    def __init__(self, random: SeededRandom) -> None:
        self._random = random
        self._names: list[str] = []
        self._namesakes: Counter[str] = Counter()
        self._follows: list[tuple[str, str]] = []
        self._followed: set[tuple[str, str]] = set()

    def act(self, command: Command) -> tuple[str, ...]:
        """Return the fields that follow the command: user, argument, password."""
        match command:
            case "register":
                return self._register()
            case "tweet":
                return self._someone(), self._message()
            case "follow":
                return self._follow()
            case "unfollow":
                return self._unfollow()

    def _register(self) -> tuple[str, str, str]:
        name = self._new_name()
        self._names.append(name)
        email = f"user{len(self._names)}@example.org"
        length = 5 + self._random.below(6)
        characters = (self._random.choice(_PASSWORD_CHARACTERS) for _ in range(length))
        return name, email, "".join(characters)

    def _follow(self) -> tuple[str, str]:
        pair = self._strangers()
        if pair not in self._followed:
            self._followed.add(pair)
            self._follows.append(pair)
        return pair

    def _unfollow(self) -> tuple[str, str]:
        pair = self._strangers()
        keeps = self._random.chance(_UNFOLLOWS_OF_STRANGERS / _UNFOLLOWS)
        if not self._follows or (keeps and pair not in self._followed):
            return pair
        position = self._random.below(len(self._follows))
        self._follows[position], self._follows[-1] = (
            self._follows[-1],
            self._follows[position],
        )
        pair = self._follows.pop()
        self._followed.remove(pair)
        return pair

    def _strangers(self) -> tuple[str, str]:
        """Pick two users; in all likelihood the first does not follow the second."""
        for _ in range(20):
            pair = self._someone(), self._someone()
            if pair not in self._followed:
                break
        return pair

    def _someone(self) -> str:
        """Pick a user; early users act, and are followed, more often."""
        return self._names[self._random.skewed_below(len(self._names))]

    def _new_name(self) -> str:
        language = self._language()
        given = self._random.choice(language.given.split())
        family = self._random.choice(language.family.split())
        name = given + language.space + family
        if self._random.chance(0.3):
            name += self._random.choice(language.endings)
        self._namesakes[name] += 1
        number = self._namesakes[name]
        return name if number == 1 else f"{name} {number}"

    def _message(self) -> str:
        language = self._language()
        vocabulary = language.words.split()
        words = [
            self._random.choice(vocabulary)
            for _ in range(3 + self._random.skewed_below(20))
        ]
        if self._random.chance(0.3):
            position = self._random.below(len(words))
            words.insert(position, self._random.choice(FRAGMENTS).strip())
        return language.space.join(words) + self._random.choice(
            (".", "!", "?", " …", "")
        )

    def _language(self) -> Language:
        return LATIN if self._random.chance(0.5) else self._random.choice(OTHERS)
