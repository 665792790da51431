"""Chaos: faults at random under load, one after the other, each kind at least once.

`MINITWIT_TEST_CHAOS_SEED` decides which faults, in which order;
`MINITWIT_TEST_CHAOS_SECONDS` says for how long they go on.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from urllib.parse import quote

from tests.data.writing import Writer, writing
from tests.swarm.clocks import clocks_that_can_be_stepped
from tests.swarm.faults import CHANGE_OF_PLACES, HEALTHY_WITHIN, MAKERS, Fault, Maker
from tests.swarm.installation import SERVICES, TOOLS, Installation
from tests.swarm.load import USERS, Load, Outcome, Request
from tests.swarm.servers import change_places, edge, is_primary, require_all_kept
from tests.waiting import wait_until

# Every commit meets the same faults; a weekly run draws others, for longer
# (.github/workflows/ci.yml).
_SECONDS = float(os.environ.get("MINITWIT_TEST_CHAOS_SECONDS") or 600)
_SEED = os.environ.get("MINITWIT_TEST_CHAOS_SEED") or "1"

# Seconds a caller waits: longer than a fault lasts, also on a machine that is starved.
_PATIENCE = 10.0
# Seconds without a failed request after which the next fault may come.
_CALM = 3.0


@dataclass(frozen=True)
class Episode:
    """A fault that happened: when it began and ended, and when the next one began."""

    fault: Fault
    began: float
    ended: float
    closed: float

    def has(self, outcome: Outcome) -> bool:
        """Tell whether an answer came, or was to come, after this fault began."""
        answered = outcome.began + outcome.seconds
        return self.began <= answered and outcome.began < self.closed

    def explains(self, outcome: Outcome) -> bool:
        """Tell whether the fault may have caused a failure."""
        cost = self.fault.cost
        if outcome.began > self.ended + HEALTHY_WITHIN:
            return False
        if not outcome.answer.isdigit():
            return cost.unanswered
        if int(outcome.answer) in cost.in_flight:
            return outcome.began <= self.ended
        return int(outcome.answer) in cost.statuses


def test_random_faults_lose_and_double_no_write_and_heal_within_seconds(
    swarm: Installation,
) -> None:
    """No acknowledged message is lost or doubled, and no failure is without a fault.

    What else callers may see than the right answer stands beside each fault.
    """
    random = Random(_SEED)  # noqa: S311 (no secret)
    swarm.measured(f"chaos of {_SECONDS:.0f} s, MINITWIT_TEST_CHAOS_SEED={_SEED}")
    with (
        clocks_that_can_be_stepped(swarm),
        Load(swarm.url, _PATIENCE) as load,
        writing(edge(swarm), quote(USERS[0])) as writer,
    ):
        began = time.monotonic()
        episodes: list[Episode] = []
        for maker in _deck(random):
            if time.monotonic() - began > _SECONDS and len(episodes) >= len(MAKERS):
                break
            if not is_primary(swarm):
                episodes.append(_episode(swarm, CHANGE_OF_PLACES, load, writer))
            episodes.append(_episode(swarm, maker(random), load, writer))
    outcomes = [*load.so_far().all, *_written(writer)]
    for episode in episodes:
        swarm.measured(f"  {_line(episode, outcomes, began)}")
    swarm.settle()
    change_places(swarm)
    require_all_kept(swarm, writer)
    swarm.measured(
        f"  {len(episodes)} faults, {len(outcomes)} requests, answers "
        f"{_counted(outcomes)}; {len(writer.acknowledged)} acknowledged "
        "messages, 0 lost, 0 doubled"
    )
    unexplained = [
        f"at {outcome.began - began:.1f} s {outcome}"
        for outcome in outcomes
        if outcome.failed
        and not any(each.has(outcome) and each.explains(outcome) for each in episodes)
    ]
    # Which tasks ended, and of what, says more than many requests do.
    assert not unexplained, "\n".join(
        [
            f"{len(unexplained)} failures that no fault explains:",
            *unexplained[:10],
            *("...", *unexplained[-10:]),
            *(f"  {_line(episode, outcomes, began)}" for episode in episodes),
            swarm.explain(*(name for name in SERVICES if name not in TOOLS)),
        ]
    )


def _deck(random: Random) -> Iterator[Maker]:
    """Yield every kind of fault in a random order, then again, without end."""
    while True:
        yield from random.sample(MAKERS, len(MAKERS))


def _episode(swarm: Installation, fault: Fault, load: Load, writer: Writer) -> Episode:
    began = time.monotonic()
    fault.happen(swarm)
    ended = time.monotonic()
    # The tools come back by themselves, and callers do not wait for them.
    swarm.settle(*(service for service in SERVICES if service not in TOOLS))
    wait_until(
        lambda: time.monotonic() - _newest_failure(load, writer, ended) > _CALM,
        f"the requests to succeed again after: {fault.name}",
    )
    return Episode(fault, began, ended, time.monotonic())


def _newest_failure(load: Load, writer: Writer, since: float) -> float:
    """Return when the newest failed request ended, or the moment since which."""
    ends = [since]
    for answered in (load.so_far().all, _written(writer)):
        # They are in the order in which they ended.
        for outcome in reversed(answered):
            end = outcome.began + outcome.seconds
            if end <= since or outcome.failed:
                ends.append(end)
                break
    return max(ends)


def _written(writer: Writer) -> list[Outcome]:
    return [
        Outcome(_WRITE, a.sent_at, a.seconds, str(a.status or "no answer"))
        for a in writer.answers[:]
    ]


_WRITE = Request("POST", "/msgs/{username}", 204)


def _line(episode: Episode, outcomes: list[Outcome], began: float) -> str:
    here = [o for o in outcomes if episode.has(o)]
    failed = [o for o in here if o.failed]
    last = max((o.began - episode.ended for o in failed), default=0.0)
    return (
        f"{episode.began - began:3.0f} s {episode.fault.name}, "
        f"{episode.ended - episode.began:.1f} s: {_counted(failed) or 'none'} of "
        f"{len(here)} requests failed, the last one sent {max(0.0, last):.1f} s after "
        "its end"
    )


def _counted(outcomes: list[Outcome]) -> str:
    counts = Counter(o.answer if o.answer.isdigit() else "unanswered" for o in outcomes)
    return ", ".join(f"{count} {answer}" for answer, count in sorted(counts.items()))
