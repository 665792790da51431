"""Replicas of the functions: how many, and their ports."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from deploy.local.errors import LocalRunError
from minitwit.web.routes import FUNCTIONS

MOST = 20

_COUNT = re.compile("[0-9]{1,3}")

Scale = Mapping[str, int]

ONE_EACH: Scale = dict.fromkeys(FUNCTIONS, 1)


@dataclass(frozen=True, order=True)
class Replica:
    """One process of a function, with its own two ports."""

    function: str
    number: int
    port: int
    operator_port: int

    @property
    def name(self) -> str:
        """The name in supervisord and in the logs."""
        return f"{self.function}-{self.number}"


def parse_scale(text: str, current: Scale = ONE_EACH) -> Scale:
    """Read "timeline=3 messages=2"; functions not named stay as they are.

    Raises:
        LocalRunError: no such function, or no such number.

    """
    scale = dict(current)
    for word in text.replace(",", " ").split():
        function, _, number = word.partition("=")
        if function not in FUNCTIONS:
            raise LocalRunError(
                f"SCALE: there is no function {function!r}: choose from "
                f"{', '.join(FUNCTIONS)}."
            )
        if not _COUNT.fullmatch(number) or not 1 <= int(number) <= MOST:
            raise LocalRunError(
                f"SCALE: {word!r} has no number from 1 to {MOST}: write it like "
                f'SCALE="{function}=3".'
            )
        scale[function] = int(number)
    return scale


def scale_of(replicas: Iterable[Replica]) -> Scale:
    """Return how many replicas each function has."""
    functions = [replica.function for replica in replicas]
    return {function: functions.count(function) for function in FUNCTIONS}


def make_replicas(
    scale: Scale, present: Iterable[Replica], ports: Iterable[int]
) -> list[Replica]:
    """Return the replicas that a scale has beyond those that exist.

    Args:
        scale: the number of replicas of each function.
        present: the replicas that exist.
        ports: two for each new replica.

    """
    port = iter(ports)
    return [
        Replica(function, number, next(port), next(port))
        for function, number in _missing(scale, present)
    ]


def _missing(scale: Scale, replicas: Iterable[Replica]) -> list[tuple[str, int]]:
    present = {(replica.function, replica.number) for replica in replicas}
    expected = [(f, n) for f in FUNCTIONS for n in range(1, scale[f] + 1)]
    return [pair for pair in expected if pair not in present]
