"""What breaks by itself and is not among the faults at random: it heals alone."""

import time

import pytest

from tests.swarm.installation import Installation
from tests.swarm.load import Load
from tests.swarm.servers import change_places
from tests.waiting import wait_until


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


def test_an_engine_that_does_not_answer_costs_no_request(swarm: Installation) -> None:
    """It is the resolver as well; the functions remember where their database is."""
    change_places(swarm)
    [server] = swarm.containers("data_postgres")
    lose = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    lose += " WHERE state = 'idle' AND usename LIKE 'minitwit\\_%'"
    sql = ("psql", "--username=postgres", "-c", "SELECT pg_sleep(2)", "-c", lose)
    with Load(swarm.url) as load:
        swarm.application.docker("exec", "--detach", server, *sql)
        swarm.application.engine.inside("pkill", "-STOP", "-x", "dockerd")
        try:
            time.sleep(4)
        finally:
            swarm.application.engine.inside("pkill", "-CONT", "-x", "dockerd")
    outcomes = load.so_far()
    swarm.measured(f"an engine that did not answer for 4 s: {outcomes}")
    assert not outcomes.failures, "\n".join(map(str, outcomes.failures[:20]))
    swarm.settle()


_COME_BACK = (503, "2")  # The status, and the seconds to wait.
_NONE = (0, None)


def _answer(swarm: Installation, path: str) -> tuple[int, str | None]:
    answer = swarm.ask("GET", path)
    return (answer.status_code, answer.headers.get("Retry-After")) if answer else _NONE


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
    change_places(swarm)
    swarm.wait_for_message(content)
