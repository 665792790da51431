"""Replays actions concurrently, in an order that respects their dependencies.

An action waits for the earlier actions of its own user and for the registration of
the user it is about. A registration waits for the one before: hashing a password is
slow on purpose, and many at once, which the simulator never sends, would take longer
than its time-out. Of the actions that wait for nothing, the earliest goes first.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from graphlib import TopologicalSorter
from heapq import heappop, heappush
from itertools import accumulate
from queue import Empty, SimpleQueue
from time import monotonic

from minitwit_cli.simulator.client import Outcome
from minitwit_cli.simulator.scenario import Action


def replay(
    actions: Sequence[Action],
    send: Callable[[Action], Outcome],
    concurrency: int,
    speed: float | None = None,
) -> Iterator[Outcome]:
    """Yield the outcome of every action, in the order of the responses.

    With a speed no action is sent before its time: the recorded delays, added up and
    divided by the speed. Without one it is sent as soon as it may.
    """
    agenda = _Agenda(actions, speed)
    running: dict[Future[Outcome], int] = {}
    answered: SimpleQueue[Future[Outcome]] = SimpleQueue()
    # The pool never gets more than it has threads: an action waits for its turn in
    # the agenda, so `send` measures the service and not our own queue.
    with ThreadPoolExecutor(concurrency) as pool:
        while agenda.is_open():
            while len(running) < concurrency and (position := agenda.take()) >= 0:
                future = pool.submit(send, actions[position])
                running[future] = position
                future.add_done_callback(answered.put)
            has_room = len(running) < concurrency
            try:
                future = answered.get(timeout=agenda.pause() if has_room else None)
            except Empty:  # The next action is due.
                continue
            agenda.done(running.pop(future))
            yield future.result()


class _Agenda:
    """Scheduler: the actions that may be sent now, the earliest first."""

    def __init__(self, actions: Sequence[Action], speed: float | None) -> None:
        self._order = TopologicalSorter(_predecessors(actions))
        self._order.prepare()
        self._ready: list[int] = []  # a heap
        self._due = _due_times(actions, speed)
        self._collect()

    def is_open(self) -> bool:
        """Whether any action is still to be sent or answered."""
        return self._order.is_active()

    def take(self) -> int:
        """Return the next position, or -1 if none may be sent now."""
        return heappop(self._ready) if self.pause() == 0 else -1

    def pause(self) -> float | None:
        """Return the seconds until the next is due; none if all wait for an answer."""
        if not self._ready:
            return None
        return max(0, self._due[self._ready[0]] - monotonic())

    def done(self, position: int) -> None:
        """Release the actions that waited for this one."""
        self._order.done(position)
        self._collect()

    def _collect(self) -> None:
        for position in self._order.get_ready():
            heappush(self._ready, position)


def _predecessors(actions: Sequence[Action]) -> dict[int, set[int]]:
    """Return for each position those that must be answered before it is sent."""
    predecessors: dict[int, set[int]] = {}
    last: dict[str, int] = {}
    registered: dict[str, int] = {}
    registration: int | None = None  # the one before
    for position, action in enumerate(actions):
        waits_for = {last.get(action.username)}
        if action.command == "register":
            waits_for.add(registration)
            registration = registered[action.username] = position
        elif action.command in ("follow", "unfollow"):
            waits_for.add(registered.get(action.argument))
        predecessors[position] = {p for p in waits_for if p is not None}
        last[action.username] = position
    return predecessors


def _due_times(actions: Sequence[Action], speed: float | None) -> list[float]:
    """Return when each may be sent at the earliest, in the clock's seconds."""
    if speed is None:
        return [0.0] * len(actions)
    delays = (action.delay / 1000 / speed for action in actions)
    return list(accumulate(delays, initial=monotonic()))[1:]
