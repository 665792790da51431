"""Faults that happen to an installation, each with what it may cost callers.

A fault is made, held for some seconds and ended; from its end on the site has
`HEALTHY_WITHIN` to serve every request again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.functions import FUNCTIONS
from tests.swarm.clocks import SERVICE as CLOCKED
from tests.swarm.clocks import stepped
from tests.swarm.disks import filled
from tests.swarm.installation import Installation
from tests.swarm.nodes import Node
from tests.swarm.servers import change_places
from tests.waiting import wait_until

HEALTHY_WITHIN = 10.0  # seconds

# Less than the guard of the database's disk keeps free, which is a tenth.
_NEARLY_FULL = 0.02


@dataclass(frozen=True)
class Cost:
    """What callers may see while a fault lasts, beside the right answer.

    Args:
        statuses: of answers.
        unanswered: whether a connection may break or time out.
        in_flight: the same, of requests that were sent before the fault began only.

    """

    statuses: frozenset[int] = frozenset()
    unanswered: bool = False
    in_flight: frozenset[int] = frozenset()


NOTHING = Cost()
# Traefik cannot know what became of a request whose replica broke the connection.
IN_FLIGHT = Cost(in_flight=frozenset({502}))
DATABASE_UNAVAILABLE = Cost(frozenset({503}))
# What was held back comes at once. On a machine without a processor to spare, some of
# it was refused for a second.
BURST = Cost(frozenset({503}))
# A request whose body stalls for five seconds is answered 408.
UNREACHABLE = Cost(frozenset({408, 503}), unanswered=True)
# An edge that has just started answers 404 before it has read any configuration
# (traefik/traefik#7347), then 503 before Swarm has listed the replicas.
EDGE_RESTARTS = Cost(frozenset({404, 503}), unanswered=True)
# After the socket proxy was killed, Traefik now and then has no services until it can
# ask again, for four seconds.
EDGE_IS_BLIND = Cost(frozenset({503}))


@dataclass(frozen=True)
class Fault:
    """A fault: what it is, what it may cost, and what makes, holds and ends it."""

    name: str
    cost: Cost
    happen: Callable[[Installation], None]


Maker = Callable[[Random], Fault]


def kill_a_replica(random: Random) -> Fault:
    """SIGKILL one replica of a function: Swarm replaces it."""
    return _kill(f"minitwit_{random.choice(FUNCTIONS)}", IN_FLIGHT)


def kill_a_server(random: Random) -> Fault:
    """SIGKILL what answers no caller: the standby or a collector."""
    return _kill(random.choice(("data_standby", "tools_collector-agent")), NOTHING)


def kill_the_socket_proxy(_: Random) -> Fault:
    """SIGKILL the proxy by which Traefik learns what runs."""
    return _kill("edge_socket-proxy", EDGE_IS_BLIND)


def kill_the_edge(_: Random) -> Fault:
    """SIGKILL Traefik: Swarm starts it again."""
    return _kill("edge_traefik", EDGE_RESTARTS, until_whole=True)


def kill_the_database(_: Random) -> Fault:
    """SIGKILL PostgreSQL: Swarm starts it again."""
    return _kill("data_postgres", DATABASE_UNAVAILABLE, until_whole=True)


def pause_a_replica(random: Random) -> Fault:
    """Freeze a replica: what it has been sent waits."""
    return _pause(f"minitwit_{random.choice(FUNCTIONS)}", random, BURST)


def pause_the_database(random: Random) -> Fault:
    """Freeze PostgreSQL: it neither answers nor refuses a connection."""
    return _pause("data_postgres", random, DATABASE_UNAVAILABLE)


def pause_the_edge(random: Random) -> Fault:
    """Freeze Traefik."""
    return _pause("edge_traefik", random, UNREACHABLE)


def cut_off_the_application(random: Random) -> Fault:
    """Take the application droplet's network, from callers and the other droplet."""
    return _cut_off("application", random, UNREACHABLE)


def cut_off_the_tools(random: Random) -> Fault:
    """Take the tool droplet's network: the standby, the backups and the telemetry."""
    return _cut_off("tool", random, NOTHING)


def lose_the_tools(random: Random) -> Fault:
    """Cut the power of the tool droplet."""
    seconds = random.uniform(3, 10)

    def happen(swarm: Installation) -> None:
        swarm.tool.pull_the_plug()
        time.sleep(seconds)
        swarm.tool.start()

    return Fault(f"tool droplet without power for {seconds:.0f} s", NOTHING, happen)


def fill_the_disk(random: Random) -> Fault:
    """Fill the disk of the database's droplet: it takes reads, and writes again."""
    seconds = random.uniform(2, 5)

    def happen(swarm: Installation) -> None:
        with filled(swarm.application.disk, leave=_NEARLY_FULL):
            wait_until(lambda: _post(swarm) == 503, "writes to be refused", 30)
            time.sleep(seconds)

    return Fault("full disk", DATABASE_UNAVAILABLE, happen)


def step_a_clock(random: Random) -> Fault:
    """Step the clock of one replica of two by minutes, forward or back."""
    offset = random.choice((-1, 1)) * random.randint(120, 3000)
    number, seconds = random.randrange(2), random.uniform(2, 5)

    def happen(swarm: Installation) -> None:
        replicas = sorted(swarm.containers(CLOCKED))
        with stepped(swarm, replicas[number % len(replicas)], offset):
            time.sleep(seconds)

    return Fault(f"clock of {CLOCKED} stepped by {offset:+d} s", NOTHING, happen)


def stop_the_database(random: Random) -> Fault:
    """Stop the primary as an operator does, start it again and switch back to it."""
    seconds = random.uniform(3, 10)

    def happen(swarm: Installation) -> None:
        swarm.operate("docker service scale --detach data_postgres=0")
        # Swarm may take half a minute, after other faults.
        wait_until(lambda: not swarm.containers("data_postgres"), "it to stop", 60)
        time.sleep(seconds)
        swarm.operate("docker service scale --detach data_postgres=1")
        swarm.settle("data_postgres")
        change_places(swarm)

    name = f"PostgreSQL stopped for {seconds:.0f} s"
    return Fault(name, DATABASE_UNAVAILABLE, happen)


# Some faults need `postgres` to be the primary; after others it is the standby.
CHANGE_OF_PLACES = Fault(
    "the servers change places", DATABASE_UNAVAILABLE, change_places
)

MAKERS: tuple[Maker, ...] = (
    *(kill_a_replica, kill_a_server, kill_the_socket_proxy),
    *(kill_the_edge, kill_the_database),
    *(pause_a_replica, pause_the_database, pause_the_edge),
    *(cut_off_the_application, cut_off_the_tools, lose_the_tools),
    *(fill_the_disk, step_a_clock, stop_the_database),
)


def _kill(service: str, cost: Cost, until_whole: bool = False) -> Fault:
    """Kill a task of a service.

    With another replica the fault ends at once; without one it lasts until Swarm has
    started the service again.
    """

    def happen(swarm: Installation) -> None:
        node = _node_of(swarm, service)
        # Swarm may not have noticed yet that the fault before ended it.
        found = wait_until(lambda: swarm.containers(service, node), f"a {service}")
        node.docker("kill", "--signal", "KILL", min(found))
        if until_whole:
            wait_until(lambda: swarm.not_whole(service), f"{service} to be missed")
            swarm.settle(service)
            if service == "data_postgres":
                change_places(swarm)

    return Fault(f"SIGKILL of {service}", cost, happen)


def _pause(service: str, random: Random, cost: Cost) -> Fault:
    # Less than callers, the edge and Swarm's health checks wait for an answer.
    seconds = random.uniform(1.5, 3.5)

    def happen(swarm: Installation) -> None:
        container = min(swarm.containers(service))
        swarm.application.docker("pause", container)
        try:
            time.sleep(seconds)
        finally:
            swarm.application.docker("unpause", container)

    return Fault(f"{service} paused for {seconds:.1f} s", cost, happen)


def _cut_off(hostname: str, random: Random, cost: Cost) -> Fault:
    seconds = random.uniform(3, 8)

    def happen(swarm: Installation) -> None:
        node = swarm.tool if hostname == "tool" else swarm.application
        node.unplug()
        try:
            time.sleep(seconds)
        finally:
            node.plug()

    return Fault(f"{hostname} droplet cut off for {seconds:.0f} s", cost, happen)


def _node_of(swarm: Installation, service: str) -> Node:
    return swarm.tool if service == "data_standby" else swarm.application


def _post(swarm: Installation) -> int:
    path = "/msgs/Load Person 1"
    answer = swarm.ask("POST", path, {"content": "to a full disk"})
    return answer.status_code if answer else 0
