"""Scaling: the order of its steps, and what is left when one of them fails."""

import json
from pathlib import Path

import pytest

from deploy.local.errors import LocalRunError
from deploy.local.layout import Layout
from deploy.local.replicas import ONE_EACH, Replica, make_replicas
from deploy.local.scaling import Scaling
from deploy.local.supervision import Supervisor
from deploy.local.system import System
from deploy.local.waiting import Waiting


class Recorder:
    """Notes what supervisord and Traefik would find at each step."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.steps: list[tuple[str, int, int]] = []
        self.refused: str | None = None

    def note(self, step: str) -> None:
        """Add a step, with how many replicas of one function it finds."""
        supervised = self._layout.supervisor_configuration.read_text()
        routes = json.loads(self._layout.routes.read_text())
        servers = routes["http"]["services"]["follow"]["loadBalancer"]["servers"]
        self.steps.append((step, supervised.count("[program:follow-"), len(servers)))


class FakeSupervisor(Supervisor):
    """Applies nothing."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(Path("/nowhere"))
        self._recorder = recorder

    def apply_configuration(self) -> None:
        """Take note."""
        self._recorder.note("supervise")


class FakeWaiting(Waiting):
    """Finds everything as it should be, or refuses one replica."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def until_ready(self, replicas: object) -> None:
        """Take note, and find what the recorder says."""
        self._recorder.note("ready")
        if self._recorder.refused:
            raise LocalRunError(self._recorder.refused)

    def until_routed(self, traefik_port: int, replicas: object) -> None:
        """Take note."""
        self._recorder.note("routed")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path)
    layout.make_folders()
    return layout


@pytest.fixture
def recorder(layout: Layout) -> Recorder:
    return Recorder(layout)


@pytest.fixture
def scaling(layout: Layout, recorder: Recorder) -> Scaling:
    return Scaling(layout, FakeSupervisor(recorder), FakeWaiting(recorder))


def system_with(layout: Layout, follow: int) -> System:
    replicas = make_replicas({**ONE_EACH, "follow": follow}, [], range(1, 99))
    system = System(5000, 9000, tuple(replicas))
    system.save(layout)
    return system


def test_the_edge_learns_of_new_replicas_when_they_are_ready(
    layout: Layout, recorder: Recorder, scaling: Scaling
) -> None:
    scaled = scaling.apply(system_with(layout, follow=1), {**ONE_EACH, "follow": 3})
    assert recorder.steps == [
        ("supervise", 3, 1),
        ("ready", 3, 1),
        ("routed", 3, 3),
        ("supervise", 3, 3),
    ]
    assert System.load(layout) == scaled


def test_the_edge_forgets_replicas_before_they_stop(
    layout: Layout, recorder: Recorder, scaling: Scaling
) -> None:
    scaling.apply(system_with(layout, follow=3), ONE_EACH)
    assert recorder.steps[-2:] == [("routed", 3, 1), ("supervise", 1, 1)]


def test_replicas_that_stay_keep_their_ports(layout: Layout, scaling: Scaling) -> None:
    before = system_with(layout, follow=2)
    after = scaling.apply(before, {**ONE_EACH, "follow": 3})
    added = set(after.replicas) - set(before.replicas)
    assert set(before.replicas) < set(after.replicas)
    assert [replica.name for replica in added] == ["follow-3"]


def test_a_new_replica_that_fails_leaves_everything_as_it_was(
    layout: Layout, recorder: Recorder, scaling: Scaling
) -> None:
    before = system_with(layout, follow=1)
    recorder.refused = "follow-2 does not start."
    with pytest.raises(LocalRunError, match="follow-2"):
        scaling.apply(before, {**ONE_EACH, "follow": 2})
    assert recorder.steps[-1] == ("supervise", 1, 1)
    assert System.load(layout) == before


def test_replicas_are_ordered_by_function_and_number() -> None:
    names = [r.name for r in sorted([Replica("b", 2, 0, 0), Replica("b", 1, 0, 0)])]
    assert names == ["b-1", "b-2"]
