"""The two PostgreSQL servers of an installation, and what a writer's messages say."""

import re
from collections import Counter
from itertools import pairwise

from tests.data.writing import Service, Writer
from tests.swarm.installation import Installation
from tests.swarm.nodes import Node
from tests.swarm.shell import CommandFailed
from tests.swarm.watching import fresh, prometheus
from tests.waiting import wait_until

VOLUME = "minitwit-postgres"


def edge(swarm: Installation) -> Service:
    """Return the site as its callers see it."""
    return Service(80, 0, swarm.application.address)


def ask(swarm: Installation, query: str, server: str = "postgres") -> str:
    """Return what the server `postgres` or `standby` answers, to its superuser."""
    words = ("psql", "--username=postgres", "--dbname=minitwit", "--no-psqlrc", "-Atc")
    return run_on(swarm, server, *words, query)


def run_on(swarm: Installation, server: str, *command: str) -> str:
    """Return what a command in the container of a server prints."""
    node = swarm.application if server == "postgres" else swarm.tool
    [container] = swarm.containers(f"data_{server}", node)
    return node.docker("exec", container, *command)


def is_primary(swarm: Installation, server: str = "postgres") -> bool:
    """Say whether a server takes writes."""
    try:
        return ask(swarm, "SELECT pg_is_in_recovery()", server) == "f"
    except (CommandFailed, ValueError):
        # It is just starting, or its container is.
        return False


def change_places(swarm: Installation) -> None:
    """Make `postgres` the primary, where most tests expect it, unless it still is.

    Faults, and a machine that stalls for seconds, make the other one the primary.
    """
    wait_until(
        lambda: is_primary(swarm) or is_primary(swarm, "standby"),
        lambda: f"a primary\n{swarm.explain('data_postgres', 'data_standby')}",
        90,
    )
    if not is_primary(swarm):
        wait_for_standby(swarm, "standby")
        _switch_over(swarm)
    wait_for_standby(swarm)


def _switch_over(swarm: Installation) -> None:
    """Try until Patroni has a candidate.

    It writes to etcd every five seconds that a server follows, and keeps the address of
    a server so long.
    """
    refusals: list[str] = []

    def is_accepted() -> bool:
        try:
            swarm.follow("Failover")
        except CommandFailed as refused:
            refusals.append(str(refused))
            if "failed, details: 412" not in refusals[-1]:
                raise
            return False
        return True

    wait_until(is_accepted, lambda: f"a switchover:\n{refusals[-1]}")


def primaries_seen(swarm: Installation) -> list[str]:
    """Return which servers take writes, as Prometheus sees it."""
    series = prometheus(swarm).query(fresh("minitwit_primary_up"))
    return [one["metric"]["server"] for one in series]


def wait_for_standby(swarm: Installation, primary: str = "postgres") -> None:
    """Wait until the other server is sent what the primary writes."""
    streams = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
    wait_until(
        lambda: is_primary(swarm, primary) and ask(swarm, streams, primary) == "1",
        lambda: (
            f"the standby to follow\n{swarm.explain('data_postgres', 'data_standby')}"
            f"\n{swarm.words('data_postgres')}\n{swarm.words('data_standby')}"
        ),
        120,
    )


def wait_for_synchronous_standby(swarm: Installation, standby: str) -> None:
    """Wait until a server may be promoted without a loss, as Patroni has it in etcd.

    PostgreSQL lets commits wait for it two seconds before Patroni knows that.
    """
    list_servers = ("control.sh", "list", "--format", "tsv")

    def servers() -> str:
        try:
            return run_on(swarm, standby, *list_servers)
        except (CommandFailed, ValueError) as error:
            # Its container is just starting.
            return str(error)

    wait_until(
        lambda: re.search(rf"\t{standby}\t.*\tSync Standby\tstreaming\t", servers()),
        lambda: f"{standby} to be synchronous\n{servers()}",
        120,
    )


def messages_of(swarm: Installation, writer: Writer) -> Counter[str]:
    """Return how often each of a writer's messages is in the database."""
    query = f"SELECT content FROM messages WHERE content LIKE '{writer.run} %'"  # noqa: S608
    return Counter(ask(swarm, query).splitlines())


def number(content: str) -> int:
    """Return which of its writer's messages this is."""
    return int(content.rpartition(" ")[2])


def pause(writer: Writer, since: float) -> tuple[float, float]:
    """Return the longest time in which nothing was acknowledged: its two ends."""
    taken = [a for a in writer.since(since) if a.status == 204]
    moments = [since, *(answer.sent_at + answer.seconds for answer in taken)]
    return max(pairwise(moments), key=lambda ends: ends[1] - ends[0])


def require_only_refused(writer: Writer) -> None:
    """Fail when a message was neither taken nor refused with a 503."""
    seen = Counter(answer.status for answer in writer.answers)
    assert set(seen) == {204, 503}, seen


def require_all_kept(swarm: Installation, writer: Writer) -> None:
    """Fail when an acknowledged message is missing, or there twice."""
    kept = messages_of(swarm, writer)
    missing = sorted(map(number, writer.acknowledged - kept.keys()))
    sent = [writer.answers[n - 1].sent_at - writer.answers[0].sent_at for n in missing]
    assert not missing, (
        f"{len(missing)} of {len(writer.acknowledged)} are lost, which were sent "
        f"{sent[0]:.1f} to {sent[-1]:.1f} s after the first one"
    )
    assert max(kept.values()) == 1


def destroy_database(node: Node) -> None:
    """Kill the server and remove its volume, however often Swarm starts it again."""

    def is_gone() -> bool:
        users = node.docker("ps", "--all", "--quiet", "--filter", f"volume={VOLUME}")
        try:
            if users:
                node.docker("rm", "--force", *users.split())
            node.docker("volume", "rm", VOLUME)
        except CommandFailed:
            return False
        return True

    wait_until(is_gone, "the volume to be gone")
