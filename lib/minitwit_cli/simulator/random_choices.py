"""Seeded random choices that are the same in every version of Python."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class SeededRandom:
    """Random choices from a seed.

    Python guarantees the same sequence in later versions only for `random()`, so every
    choice is based on it; its own `choice` and `shuffle` have changed before.
    """

    def __init__(self, seed: int) -> None:
        self.fraction = random.Random(seed).random  # noqa: S311 (nothing is secret)

    def below(self, limit: int) -> int:
        """Return a number under the limit, each as likely as the others."""
        return int(limit * self.fraction())

    def skewed_below(self, limit: int) -> int:
        """Return a number under the limit, small ones far more often."""
        return int(limit * self.fraction() * self.fraction())

    def chance(self, probability: float) -> bool:
        """Return true with this probability."""
        return self.fraction() < probability

    def choice(self, items: Sequence[T]) -> T:
        """Return one of the items, each as likely as the others."""
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return the items in a random order."""
        left, order = list(items), []
        while left:
            position = self.below(len(left))
            left[position], left[-1] = left[-1], left[position]
            order.append(left.pop())
        return order
