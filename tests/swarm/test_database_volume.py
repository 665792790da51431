"""There is one database, whatever the stack is called and wherever it starts."""

import time
from contextlib import suppress
from urllib.parse import quote

from tests.data.writing import writing
from tests.swarm.installation import Installation
from tests.swarm.load import USERS, Load
from tests.swarm.nodes import Node
from tests.swarm.servers import (
    VOLUME,
    change_places,
    edge,
    is_primary,
    pause,
    require_all_kept,
)
from tests.swarm.shell import CommandFailed
from tests.waiting import wait_until

ETCD_VOLUME = "minitwit-etcd"


def test_a_renamed_stack_makes_no_second_database(swarm: Installation) -> None:
    """A second PostgreSQL is refused; once the first is gone it has the same data.

    The functions know the database by its full name, so that the second server, which
    answers to `postgres` as well, is never asked instead. The certificate has the names
    of both.
    """
    content = f"before the stack was renamed {time.time_ns()}"
    assert swarm.answers("POST", "/msgs/Load Person 1", 204, {"content": content})
    deploy = "docker stack deploy --detach=true -c deploy/data/stack.yml renamed"
    with Load(swarm.url) as load:
        swarm.operate(f". deploy/environment.sh; {deploy}", DATA_STACK="renamed")
        _wait_for_words(swarm, "renamed_postgres", "another PostgreSQL uses the volume")
    outcomes = load.so_far()
    swarm.measured(f"the data stack deployed under a second name: refused; {outcomes}")
    assert not outcomes.failures, "\n".join(map(str, outcomes.failures[:20]))

    try:
        swarm.operate("docker stack rm data")
        # The release waits until it is the primary.
        swarm.settle("renamed_postgres")
        swarm.follow("Release", DATA_STACK="renamed")
        swarm.wait_for_site()
        swarm.wait_for_message(content)
    finally:
        swarm.operate("docker stack rm renamed")
        swarm.follow("Bootstrap")
        swarm.settle("data_postgres")
        swarm.follow("Release")
    swarm.settle()
    change_places(swarm)
    swarm.wait_for_site()
    swarm.wait_for_message(content)
    # The primary's, and the standby's on its own node.
    assert _postgres_volumes(swarm) == [VOLUME, VOLUME]


def test_an_empty_volume_is_refused(swarm: Installation) -> None:
    """The database's label lands on a node without data: nothing is created there.

    The node is the standby's, without its standby; the standby comes back by itself.
    """
    content = f"before the label was moved {time.time_ns()}"
    assert swarm.answers("POST", "/msgs/Load Person 2", 204, {"content": content})
    swarm.operate(f"docker node update --label-rm standby {swarm.tool.hostname}")
    wait_until(lambda: _is_removed(swarm.tool, VOLUME), "the standby's volume to go")
    _move_database(swarm, swarm.application.hostname, swarm.tool.hostname)
    try:
        _wait_for_words(swarm, "data_postgres", "waiting for leader to bootstrap")
    finally:
        _move_database(swarm, swarm.tool.hostname, swarm.application.hostname)
        swarm.follow("The standby", NAME=swarm.tool.hostname)
    start = time.monotonic()
    swarm.settle("data_postgres")
    swarm.wait_for_site()
    swarm.measured(
        f"an empty volume: refused; undone in {time.monotonic() - start:.0f} s"
    )
    swarm.wait_for_message(content)
    swarm.settle()
    change_places(swarm)


def test_servers_that_etcd_does_not_know_move_to_it_with_their_data(
    swarm: Installation,
) -> None:
    """The commands of the move from 0.1.0, which had no etcd."""
    content = f"before there was etcd {time.time_ns()}"
    assert swarm.answers("POST", "/msgs/Load Person 3", 204, {"content": content})
    swarm.operate(
        "docker service rm data_etcd-1\n"
        f"docker node update --label-rm etcd {swarm.application.hostname}"
    )
    wait_until(lambda: _is_removed(swarm.application, ETCD_VOLUME), "etcd to be gone")
    # So that the deployment replaces the servers, as it does those of 0.1.0. Patroni
    # refuses an etcd that is younger than the one it knew.
    for server in ("data_postgres", "data_standby"):
        swarm.operate(f"docker service update --detach --env-add OLD=1 {server}")
    start = time.monotonic()
    swarm.follow("Move from version 0.1.0 to automatic failover")
    swarm.settle()
    swarm.wait_for_site()
    swarm.wait_for_message(content)
    change_places(swarm)
    swarm.measured(f"moved to a new etcd in {time.monotonic() - start:.0f} s")


def test_servers_follow_an_etcd_that_was_built_anew(swarm: Installation) -> None:
    """The commands for three members instead of one, or in place of a lost one."""
    # The commands are for this server as the primary.
    change_places(swarm)
    before = _created_at(swarm.application, ETCD_VOLUME)
    with writing(edge(swarm), quote(USERS[4])) as writer:
        writer.go_on()
        start = time.monotonic()
        swarm.follow("Build etcd anew")
        writer.go_on()
    stopped, back = pause(writer, start)
    assert _created_at(swarm.application, ETCD_VOLUME) != before
    assert is_primary(swarm)
    require_all_kept(swarm, writer)
    swarm.settle()
    change_places(swarm)
    swarm.wait_for_site()
    swarm.measured(
        f"etcd built anew: no write for {back - stopped:.1f} s, 0 lost of "
        f"{len(writer.acknowledged)}; all whole after {time.monotonic() - start:.0f} s"
    )


def _created_at(node: Node, volume: str) -> str:
    return node.docker("volume", "inspect", "--format", "{{.CreatedAt}}", volume)


def _is_removed(node: Node, volume: str) -> bool:
    if not node.docker("ps", "--quiet", "--filter", f"volume={volume}"):
        node.docker("container", "prune", "--force")
        with suppress(CommandFailed):
            node.docker("volume", "rm", volume)
    return volume not in node.docker("volume", "ls", "--quiet").split()


def _wait_for_words(swarm: Installation, service: str, words: str) -> None:
    wait_until(
        lambda: words in swarm.words(service, 50),
        lambda: f"{service} to say {words!r}\n{swarm.explain(service)}",
    )


def _move_database(swarm: Installation, here: str, there: str) -> None:
    swarm.operate(
        f"docker node update --label-rm database {here}\n"
        f"docker node update --label-add database=true {there}"
    )


def _postgres_volumes(swarm: Installation) -> list[str]:
    nodes = (swarm.application, swarm.tool)
    names = [n for node in nodes for n in node.docker("volume", "ls", "-q").split()]
    return [name for name in names if "postgres" in name]
