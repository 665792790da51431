"""Scaling: the order of its steps, and the state after one of them fails."""

import json
from pathlib import Path

import pytest

from deploy.local.configuration import write_configuration
from deploy.local.errors import LocalRunError
from deploy.local.paths import Paths
from deploy.local.readiness import Readiness
from deploy.local.replicas import ONE_EACH, Replica, make_replicas
from deploy.local.scaling import Scaling
from deploy.local.supervision import Supervisor
from deploy.local.system import System


class Recorder:
    """Records the configuration of supervisord and Traefik at each step."""

    def __init__(self, paths: Paths) -> None:
        self._layout = paths
        self.steps: list[tuple[str, int, int]] = []
        self.refused: str | None = None

    def note(self, step: str) -> None:
        """Add a step, with the number of a function's replicas at that point."""
        supervised = self._layout.supervisor_configuration.read_text()
        routes = json.loads(self._layout.routes.read_text())
        servers = routes["http"]["services"]["follow"]["loadBalancer"]["servers"]
        self.steps.append((step, supervised.count("[program:follow-"), len(servers)))


class FakeSupervisor(Supervisor):
    """Records the call."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(Path("/nowhere"))
        self._recorder = recorder

    def apply_configuration(self) -> None:
        """Record the call."""
        self._recorder.note("supervise")


class FakeReadiness(Readiness):
    """Finds every replica ready, or fails as the recorder says."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def until_ready(self, replicas: object) -> None:
        """Record the call, and fail if the recorder says so."""
        self._recorder.note("ready")
        if self._recorder.refused:
            raise LocalRunError(self._recorder.refused)

    def until_routed(self, traefik_port: int, replicas: object) -> None:
        """Record the call."""
        self._recorder.note("routed")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(tmp_path)
    paths.make_folders()
    return paths


@pytest.fixture
def recorder(paths: Paths) -> Recorder:
    return Recorder(paths)


@pytest.fixture
def scaling(paths: Paths, recorder: Recorder) -> Scaling:
    return Scaling(paths, FakeSupervisor(recorder), FakeReadiness(recorder))


def system_with(paths: Paths, follow: int) -> System:
    replicas = make_replicas({**ONE_EACH, "follow": follow}, [], range(1, 99))
    system = System(5000, 9000, tuple(replicas))
    write_configuration(system, paths)
    return system


def test_traefik_gets_new_replicas_when_they_are_ready(
    paths: Paths, recorder: Recorder, scaling: Scaling
) -> None:
    scaled = scaling.apply(system_with(paths, follow=1), {**ONE_EACH, "follow": 3})
    assert recorder.steps == [
        ("supervise", 3, 1),
        ("ready", 3, 1),
        ("routed", 3, 3),
        ("supervise", 3, 3),
    ]
    assert System.load(paths.state) == scaled


def test_traefik_drops_replicas_before_they_stop(
    paths: Paths, recorder: Recorder, scaling: Scaling
) -> None:
    scaling.apply(system_with(paths, follow=3), ONE_EACH)
    assert recorder.steps[-2:] == [("routed", 3, 1), ("supervise", 1, 1)]


def test_replicas_that_stay_keep_their_ports(paths: Paths, scaling: Scaling) -> None:
    before = system_with(paths, follow=2)
    after = scaling.apply(before, {**ONE_EACH, "follow": 3})
    added = set(after.replicas) - set(before.replicas)
    assert set(before.replicas) < set(after.replicas)
    assert [replica.name for replica in added] == ["follow-3"]


def test_a_new_replica_that_fails_leaves_everything_as_it_was(
    paths: Paths, recorder: Recorder, scaling: Scaling
) -> None:
    before = system_with(paths, follow=1)
    recorder.refused = "follow-2 does not start."
    with pytest.raises(LocalRunError, match="follow-2"):
        scaling.apply(before, {**ONE_EACH, "follow": 2})
    assert recorder.steps[-1] == ("supervise", 1, 1)
    assert System.load(paths.state) == before


def test_replicas_are_ordered_by_function_and_number() -> None:
    names = [r.name for r in sorted([Replica("b", 2, 0, 0), Replica("b", 1, 0, 0)])]
    assert names == ["b-1", "b-2"]
