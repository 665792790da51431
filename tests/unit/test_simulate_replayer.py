"""The order in which a replay sends actions, alone and several at a time."""

from collections.abc import Callable
from threading import Barrier, Event, Lock
from time import monotonic

import pytest

from minitwit_cli.simulator.client import Outcome
from minitwit_cli.simulator.generator import generate
from minitwit_cli.simulator.replayer import replay
from minitwit_cli.simulator.scenario import Action, Command

PATIENCE = 10.0  # seconds; no test waits that long unless it fails


class Recorder:
    """Answers 204 to everything, and remembers when each action began and ended."""

    def __init__(self, during: Callable[[Action], object] = lambda _: None) -> None:
        self.moments: list[tuple[str, int]] = []
        self.most_at_once = 0
        self._during = during
        self._running = 0
        self._lock = Lock()

    def __call__(self, action: Action) -> Outcome:
        """Answer an action."""
        with self._lock:
            self.moments.append(("began", action.id))
            self._running += 1
            self.most_at_once = max(self.most_at_once, self._running)
        self._during(action)
        with self._lock:
            self.moments.append(("ended", action.id))
            self._running -= 1
        return Outcome(action, 204, 0.001)

    def order(self, *moments: tuple[str, int]) -> list[tuple[str, int]]:
        """Return these moments as they came."""
        return [moment for moment in self.moments if moment in moments]


def scenario(*lines: tuple[Command, str, str], delay: int = 0) -> list[Action]:
    return [
        Action(number, delay, 0, command, user, argument)
        for number, (command, user, argument) in enumerate(lines)
    ]


def run(actions: list[Action], send: Recorder, concurrency: int) -> list[Outcome]:
    return list(replay(actions, send, concurrency))


def test_one_at_a_time_is_the_scenarios_order() -> None:
    actions = list(generate(users=20, actions=300, seed=5))
    outcomes = run(actions, Recorder(), concurrency=1)
    assert [outcome.action for outcome in outcomes] == actions


def test_every_action_is_sent_once() -> None:
    actions = list(generate(users=20, actions=300, seed=5))
    outcomes = run(actions, Recorder(), concurrency=8)
    assert sorted(outcome.action.id for outcome in outcomes) == list(range(300))


def test_independent_actions_run_at_the_same_time() -> None:
    together = Barrier(3)
    actions = scenario(*(("tweet", name, "hi") for name in ("a", "b", "c")))
    run(actions, Recorder(lambda _: together.wait(PATIENCE)), concurrency=3)


def test_no_more_actions_run_at_once_than_allowed() -> None:
    pairs = Barrier(2)
    actions = scenario(*(("tweet", str(n), "hi") for n in range(20)))
    recorder = Recorder(lambda _: pairs.wait(PATIENCE))
    run(actions, recorder, concurrency=2)
    assert recorder.most_at_once == 2


def held_back(actions: list[Action], held: int, last: int) -> Recorder:
    """Replay with one action unanswered until the scenario's last is under way."""
    last_began = Event()

    def during(action: Action) -> None:
        if action.id == last:
            last_began.set()
        if action.id == held:
            assert last_began.wait(PATIENCE)

    recorder = Recorder(during)
    run(actions, recorder, concurrency=4)
    return recorder


def test_an_action_waits_for_earlier_actions_of_its_user() -> None:
    recorder = held_back(
        scenario(
            ("tweet", "alice", "one"),
            ("tweet", "alice", "two"),
            ("tweet", "bob", "one"),
            ("tweet", "bob", "two"),
        ),
        held=0,
        last=3,
    )
    assert recorder.order(("ended", 0), ("began", 1)) == [("ended", 0), ("began", 1)]


@pytest.mark.parametrize("command", ["follow", "unfollow"])
def test_an_action_waits_for_the_registration_of_its_target(
    command: Command,
) -> None:
    recorder = held_back(
        scenario(
            ("register", "alice", "a@b"),
            ("register", "bob", "a@b"),
            (command, "alice", "bob"),
            ("tweet", "charlie", "one"),
            ("tweet", "charlie", "two"),
        ),
        held=1,
        last=4,
    )
    assert recorder.order(("ended", 1), ("began", 2)) == [("ended", 1), ("began", 2)]


def test_an_action_waits_for_nothing_else() -> None:
    # Bob's message is unanswered, his registration is not: alice may follow him. A user
    # that is registered later or not at all was registered before the replay.
    held_back(
        scenario(
            ("register", "bob", "a@b"),
            ("tweet", "bob", "one"),
            ("follow", "alice", "bob"),
            ("follow", "alice", "bobby"),
            ("follow", "alice", "later"),
            ("tweet", "alice", "bob"),
            ("register", "later", "a@b"),
        ),
        held=1,
        last=5,
    )


def test_registrations_go_one_at_a_time() -> None:
    recorder = held_back(
        scenario(
            ("register", "alice", "a@b"),
            ("register", "bob", "a@b"),
            ("tweet", "charlie", "one"),
            ("tweet", "charlie", "two"),
        ),
        held=0,
        last=3,
    )
    assert recorder.order(("ended", 0), ("began", 1)) == [("ended", 0), ("began", 1)]


def test_the_earliest_ready_action_goes_first() -> None:
    actions = scenario(
        ("tweet", "alice", "one"),
        ("tweet", "alice", "two"),
        ("tweet", "bob", "one"),
    )
    outcomes = run(actions, Recorder(), concurrency=1)
    assert [outcome.action.id for outcome in outcomes] == [0, 1, 2]


def test_recorded_delays_are_kept_divided_by_the_speed() -> None:
    actions = scenario(("tweet", "a", "1"), ("tweet", "b", "1"), delay=40_000)
    began = []
    send = Recorder(lambda _: began.append(monotonic()))
    started = monotonic()
    assert len(list(replay(actions, send, concurrency=4, speed=1000))) == 2
    assert began[0] - started >= 0.04
    assert began[1] - started >= 0.08


def test_an_error_in_the_sender_ends_the_replay() -> None:
    def fail(_: Action) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(scenario(("tweet", "alice", "hi")), Recorder(fail), concurrency=2)
