"""Nothing that operators do to the functions costs a caller a request."""

import os
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.contract.callers import Callers
from tests.functions import FUNCTIONS
from tests.swarm.installation import Installation
from tests.swarm.load import Load
from tests.swarm.shell import CommandFailed


def under_load(swarm: Installation, what: str, change: Callable[[], object]) -> None:
    """Make a change under load; no request may fail, before, in or after it."""
    with Load(swarm.url) as load:
        time.sleep(2)
        start = time.monotonic()
        change()
        took = time.monotonic() - start
        # The edge and the last replicas to leave are still busy with each other.
        time.sleep(5)
    outcomes = load.so_far()
    swarm.measured(f"{what}, {took:.0f} s: {outcomes}")
    failures = "\n".join(str(outcome) for outcome in outcomes.failures[:20])
    assert not outcomes.failures, f"{what} cost requests:\n{failures}"
    assert len(outcomes.all) > 40 * took


def test_rolling_updates_cost_no_request(swarm: Installation) -> None:
    """Every replica of every function is replaced under load, all functions at once."""
    services = [f"minitwit_{function}" for function in FUNCTIONS]
    before = {service: set(swarm.containers(service)) for service in services}

    def update() -> None:
        for function in FUNCTIONS:
            swarm.follow("Restart one function", FUNCTION=function)
        for service in services:
            swarm.wait_for_update(service)

    under_load(swarm, "rolling update of each function", update)
    for service in services:
        assert not before[service] & set(swarm.containers(service)), service


def test_scaling_one_function_costs_no_request(swarm: Installation) -> None:
    """`messages` goes from two replicas to three, to thirty, to one, and back."""
    changes = (
        # Swarm would not reserve two processors for so many.
        "docker service update --reserve-cpu 0 --replicas 30 minitwit_messages",
        "docker service rollback minitwit_messages",
        "docker service scale minitwit_messages=1",
        "docker service scale minitwit_messages=2",
    )

    def scale() -> None:
        swarm.follow("Scale one function")
        swarm.settle("minitwit_messages")
        assert swarm.replicas("minitwit_messages") == (3, 3)
        for change in changes:
            swarm.operate(change)
            swarm.settle("minitwit_messages")

    under_load(swarm, "scale messages=3, =30, =1, =2", scale)


def test_releasing_rotating_and_going_back_cost_no_request(
    swarm: Installation, tmp_path: Path
) -> None:
    """A new version with new keys for the cookies, and the earlier version again.

    The second time the engine fails to start a container once.
    """
    first, second = swarm.versions.first, swarm.versions.second
    callers = Callers(swarm.url)
    browser = callers.browser_of(callers.user())
    before = swarm.secrets_of("minitwit_timeline")
    under_load(
        swarm,
        "release.sh to a new version, with new session keys",
        lambda: swarm.follow("Rotate a secret", VERSION=second),
    )
    assert set(swarm.live().values()) == {second}
    assert len(swarm.secrets_of("minitwit_timeline") - before) == 1
    # Without a session, / redirects to the public timeline.
    assert browser.get("/").url.path == "/"
    with one_failed_start(swarm, tmp_path, "timeline", first):
        under_load(
            swarm,
            "release.sh to the earlier version, deployed twice",
            lambda: swarm.follow("Roll back", EARLIER_VERSION=first),
        )
    assert set(swarm.live().values()) == {first}
    assert browser.get("/").url.path == "/"
    callers.close()


def one_failed_start(
    swarm: Installation, folder: Path, function: str, version: str
) -> AbstractContextManager[None]:
    """Let the engine fail to start the next container of a function's version."""
    words = f"MINITWIT_FUNCTION={function}", f"MINITWIT_VERSION={version}"
    return swarm.application.one_failed_start(folder, *words)


def test_a_version_that_gets_not_healthy_costs_no_request(
    swarm: Installation, tmp_path: Path
) -> None:
    """A release whose `messages` fails its health check is undone by itself.

    During the rollback the engine fails to start a container once.
    """

    def release() -> None:
        with pytest.raises(CommandFailed, match="messages does not run") as failure:
            swarm.follow("Release", VERSION=swarm.versions.sick)
        assert "minitwit_messages.1" in str(failure.value)

    with one_failed_start(swarm, tmp_path, "timeline", swarm.versions.first):
        under_load(swarm, "release.sh to a version that gets not healthy", release)
    assert set(swarm.live().values()) == {swarm.versions.first}
    swarm.settle()


def test_a_delivery_is_by_digest_and_a_bad_version_is_undone(
    swarm: Installation, tmp_path: Path
) -> None:
    """Staging, then production: a version whose pages callers cannot reach.

    Healthy is not enough: release.sh asks from outside and goes back.
    """
    output = tmp_path / "output"
    good, deaf = swarm.versions.first, swarm.versions.deaf
    deliver(swarm, tmp_path, good, "staging", GITHUB_OUTPUT=str(output))
    assert said(swarm)[-1] == f"MiniTwit {good} is live in staging."
    _, *digests, _ = output.read_text().splitlines()
    expected = "\n".join(digests)
    with pytest.raises(CommandFailed, match="not those that the previous environment"):
        deliver(swarm, tmp_path, deaf, "production", EXPECTED_DIGESTS=expected)
    start = time.monotonic()
    with pytest.raises(CommandFailed, match="/public answered 502") as failure:
        deliver(swarm, tmp_path, deaf, "staging")
    assert f"live: timeline {good}" in str(failure.value)
    assert said(swarm)[-1] == (
        f"MiniTwit {deaf} was not delivered to staging: "
        "the release failed, and the functions were rolled back."
    )
    assert set(swarm.live().values()) == {good}
    swarm.settle()
    swarm.wait_for_site()
    took = time.monotonic() - start
    swarm.measured(f"delivery of a version that fails the probe, undone: {took:.0f} s")


def said(swarm: Installation) -> list[str]:
    """Return what was reported in the chat that is no alert."""
    messages = swarm.outside.chat.messages()
    return [message["text"] for message in messages if message.get("text")]


def deliver(
    swarm: Installation, folder: Path, version: str, environment: str, **variables: str
) -> None:
    """Deliver a version as the workflow does, with a stand-in for its signatures."""
    docker = folder / "docker"
    docker.write_text(_DOCKER.format(docker=shutil.which("docker")))
    docker.chmod(0o755)
    swarm.operate(
        f"deploy/deliver.sh {version}",
        PATH=f"{folder}:{os.environ['PATH']}",
        COSIGN="true",
        ENVIRONMENT=environment,
        GITHUB_REPOSITORY="owner/minitwit",
        CHAT_WEBHOOK=f"{swarm.outside.chat.url}/services/chat",
        **variables,
    )


# Debian's docker has no buildx, which would ask the registry the same.
_DOCKER = """#!/bin/bash
[ "$1 $2" = "buildx imagetools" ] || exec {docker} "$@"
IFS=/: read -r host port path name tag <<< "$4"
curl --silent --fail --head "http://$host:$port/v2/$path/$name/manifests/$tag" \\
    --header 'Accept: application/vnd.docker.distribution.manifest.v2+json' \\
    | tr -d '\\r' | sed -n 's/^docker-content-digest: //pI'
"""
