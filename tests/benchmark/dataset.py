"""The data sets: the same accounts, follows and messages for every system.

Names are numbers of twelve digits, since those are all that pgbench can draw at
random, and as long as the names that people have.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from minitwit.accounts.passwords import hash_password

# What is kept of earlier runs is used while this is the same; count it up.
GENERATION = 5

FIRST_NAME = 10**11
EPOCH = 1_700_000_000  # Unix seconds of the oldest message.

# The busiest reader and a typical one; both can sign in.
READER = 1
USUAL_READER = 1_000
PASSWORD = "benchmark"

_WORDS = (
    "the of and to in a is that it was for on with he as his be at by had not are "
    "but from or have an they which one you were her all she there would their we "
    "him been has when who will more no if out so said what up its about into "
    "than them can only other new some could time these two may then do first any "
    "my now such like our over man me even most made after also did many before "
    "must through back years where much "
).split()


@dataclass(frozen=True)
class DataSet:
    """How much of everything there is.

    Args:
        name: of the data set.
        users: number of accounts.
        messages: number of messages; a few authors write most of them.
        follows: number of follows; a few are followed by most.
        reader_follows: how many READER follows.

    """

    name: str
    users: int
    messages: int
    follows: int
    reader_follows: int

    def user_rows(self) -> Iterator[tuple[int, str, str, str]]:
        """Yield id, username, email and password hash."""
        for number in range(1, self.users + 1):
            name = username(number)
            signs_in = number in (READER, USUAL_READER)
            password_hash = hash_password(PASSWORD) if signs_in else "*"
            yield number, name, f"{name}@example.com", password_hash

    def follow_rows(self) -> Iterator[tuple[int, int]]:
        """Yield follower and followed, without a pair twice."""
        draw = random.Random(f"follows of {self.name}")  # noqa: S311
        left = self.follows - self.reader_follows
        for followed in draw.sample(range(2, self.users + 1), self.reader_follows):
            yield READER, followed
        each = left / max(1, self.users - 1)
        for follower in range(2, self.users + 1):
            number = int(each * (follower - 1)) - int(each * (follower - 2))
            others = {_skewed(draw, self.users) for _ in range(number)}
            while len(others) < number:
                others.add(draw.randint(1, self.users))
            for other in sorted(others):
                yield follower, other

    def message_rows(self) -> Iterator[tuple[int, int, int, str]]:
        """Yield id, author, Unix seconds and content, oldest first."""
        draw = random.Random(f"messages of {self.name}")  # noqa: S311
        contents = [content(draw) for _ in range(5_000)]
        for number in range(1, self.messages + 1):
            author = _skewed(draw, self.users)
            yield number, author, EPOCH + number // 3, contents[number % 5_000]

    def mention_rows(self) -> Iterator[tuple[int, int, int]]:
        """Yield message, mentioned user and Unix seconds.

        Every 32nd message mentions USUAL_READER, and every third one some user.
        """
        draw = random.Random(f"mentions of {self.name}")  # noqa: S311
        for number in range(1, self.messages + 1):
            mentioned = {USUAL_READER} if number % 32 == 0 else set()
            if number % 3 == 0:
                mentioned.add(_skewed(draw, self.users))
            for user in sorted(mentioned):
                yield number, user, EPOCH + number // 3


# The empty one has users: without any, every action would be answered 404.
DATA_SETS = {
    data_set.name: data_set
    for data_set in (
        DataSet("empty", 1_000, 0, 0, 0),
        DataSet("100k", 10_000, 100_000, 100_000, 1_000),
        DataSet("3.2m", 117_000, 3_200_000, 3_300_000, 7_400),
    )
}


def username(number: int) -> str:
    """Return the name of a user."""
    return str(FIRST_NAME + number)


def content(draw: random.Random) -> str:
    """Return a message as people write them: a sentence of some seventy letters."""
    return " ".join(draw.choices(_WORDS, k=draw.randint(6, 24))).capitalize() + "."


def _skewed(draw: random.Random, users: int) -> int:
    """Draw a user; one in a hundred is drawn every third time."""
    return 1 + int(users * draw.random() ** 4)
