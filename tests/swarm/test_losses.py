"""What breaks by itself: replicas, nodes, links. It costs little and heals alone."""

import math
import time

import pytest

from tests.swarm.installation import TOOLS, Installation
from tests.swarm.load import Load
from tests.waiting import wait_until

MINUTE = 60


def test_a_killed_replica_costs_what_it_was_answering(swarm: Installation) -> None:
    """SIGKILL one replica of three: the requests on it fail, and no other."""
    service = "minitwit_messages"
    swarm.follow("Scale one function")
    swarm.settle(service)
    with Load(swarm.url) as load:
        time.sleep(3)
        victim = swarm.containers(service)[0]
        swarm.application.docker("kill", "--signal", "KILL", victim)
        killed = time.monotonic()
        wait_until(lambda: swarm.replicas(service) != (3, 3), "the loss to be seen")
        swarm.settle(service)
        whole_again = time.monotonic() - killed
        time.sleep(3)
    outcomes = load.so_far()
    swarm.measured(
        f"SIGKILL of one replica of three: {outcomes}; "
        f"full strength again after {whole_again:.1f} s"
    )
    swarm.operate("docker service scale --detach minitwit_messages=2")
    swarm.settle(service)
    late = [str(o) for o in outcomes.failures if o.began > killed]
    assert not late, f"failed though sent after the kill: {late}"
    assert len(outcomes.failures) <= 3
    assert whole_again <= 15


@pytest.mark.parametrize("function", ["messages", "timeline"])
def test_callers_of_a_function_without_replicas_are_told_to_come_back(
    swarm: Installation, function: str
) -> None:
    """The edge has no route to it then; the pages' function says so, or the edge."""
    service = f"minitwit_{function}"
    path = {"messages": "/msgs", "timeline": "/public"}[function]
    swarm.operate(f"docker service scale --detach {service}=0")
    try:
        wait_until(lambda: _answer(swarm, path) == _COME_BACK, "the function to leave")
        answers = {_answer(swarm, path) for _ in range(20)}
    finally:
        swarm.operate(f"docker service scale --detach {service}=2")
        swarm.settle(service)
        swarm.wait_for_site()
    assert answers == {_COME_BACK}


def test_an_edge_that_cannot_ask_what_runs_tells_callers_to_come_back(
    swarm: Installation,
) -> None:
    """Traefik starts without the socket proxy, and recovers when it is back."""
    swarm.operate("docker service scale --detach edge_socket-proxy=0")
    try:
        wait_until(lambda: not swarm.containers("edge_socket-proxy"), "it to end")
        [edge] = swarm.containers("edge_traefik")
        swarm.application.docker("kill", "--signal", "KILL", edge)
        wait_until(lambda: _answer(swarm, "/public") == _COME_BACK, "the edge's answer")
        answers = {_answer(swarm, path) for path in ("/public", "/msgs", "/latest")}
    finally:
        swarm.operate("docker service scale --detach edge_socket-proxy=1")
        swarm.settle("edge_socket-proxy", "edge_traefik")
        swarm.wait_for_site()
    assert answers == {_COME_BACK}


_COME_BACK = (503, "2")  # The status, and the seconds to wait.
_NONE = (0, None)


def _answer(swarm: Installation, path: str) -> tuple[int, str | None]:
    answer = swarm.ask("GET", path)
    return (answer.status_code, answer.headers.get("Retry-After")) if answer else _NONE


def test_the_tool_droplet_may_be_away(swarm: Installation) -> None:
    """The link to the tool droplet is down for a minute: no request fails."""
    # What else this machine does may slow a stretch of the load; a dead collector
    # that callers wait for would slow them every time.
    assert any(_is_not_missed(swarm) for _ in range(3))


def _is_not_missed(swarm: Installation) -> bool:
    with Load(swarm.url) as load:
        time.sleep(MINUTE / 6)
        cut = time.monotonic()
        swarm.tool.unplug()
        try:
            time.sleep(MINUTE)
        finally:
            swarm.tool.plug()
        back = time.monotonic()
        time.sleep(MINUTE / 6)
    outcomes = load.so_far()
    before, without = outcomes.between(0, cut), outcomes.between(cut, back)
    after = outcomes.between(back, math.inf)
    swarm.measured(f"ten seconds before the tool droplet is cut off: {before}")
    swarm.measured(f"a minute without the tool droplet: {without}")
    swarm.measured(f"ten seconds after it is back: {after}")
    wait_until(lambda: swarm.has_node("tool"), "the tool droplet to be back")
    swarm.settle(*TOOLS)
    assert not outcomes.failures, "\n".join(map(str, outcomes.failures[:20]))
    return all(
        # Before and after tell how much a quiet stretch varies on this machine.
        without.quantile(share)
        <= 1.1 * max(before.quantile(share), after.quantile(share)) + 1
        for share in (0.5, 0.95)
    )


def test_a_node_restart_needs_no_hand(swarm: Installation) -> None:
    """The application droplet loses its power; all comes back, and all data."""
    content = f"before the power cut {time.time_ns()}"
    assert swarm.answers("POST", "/msgs/Load Person 0", 204, {"content": content})
    swarm.application.pull_the_plug()
    swarm.application.start()
    start = time.monotonic()
    swarm.wait_for_registration()
    answered = time.monotonic() - start
    swarm.settle()
    whole = time.monotonic() - start
    swarm.wait_for_site()
    swarm.measured(
        f"application droplet restarted after a power cut: first answer after "
        f"{answered:.0f} s, whole after {whole:.0f} s"
    )
    swarm.wait_for_message(content)
