"""Data outlives its server, its node and its volume; what is lost is measured.

A writer posts through the edge, one message after the other, and remembers which were
acknowledged. What operators do about a loss is what the runbooks say.
"""

import re
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.data.writing import writing
from tests.swarm.installation import Installation
from tests.swarm.load import USERS
from tests.swarm.servers import (
    ask,
    change_places,
    destroy_database,
    edge,
    messages_of,
    number,
    pause,
    primaries_seen,
    require_all_kept,
    require_only_refused,
    wait_for_standby,
    wait_for_synchronous_standby,
)
from tests.swarm.shell import CommandFailed
from tests.waiting import wait_until

MAX_FAILOVER = 30.0  # seconds from a loss to writes
MAX_SWITCHOVER = 5.0
MAX_LOSS = 300.0  # seconds: the recovery point that is promised
MAX_RESTORE = 300.0  # seconds: the recovery time that is promised
USER = quote(USERS[0])


@pytest.fixture(autouse=True)
def _backed_up(swarm: Installation) -> None:
    """Lose nothing before there is a standby that follows, a backup and a drill.

    All of them come by themselves; which server is the primary is chance after a loss.
    """
    change_places(swarm)
    made = "SELECT count(DISTINCT kind) FROM backups WHERE kind IN ('full', 'drill')"
    wait_until(lambda: ask(swarm, made) == "2", "a full backup and a drill", 180)


def test_backups_are_made_and_can_be_restored(swarm: Installation) -> None:
    """More of them are made when asked for, on the other node."""
    swarm.follow("Back up now", KIND="incremental")
    printed = swarm.follow("Try a restore")
    assert "a true copy: it has all of the original" in printed
    swarm.measured(printed.strip().splitlines()[-1])
    [repository] = swarm.containers("data_backups", swarm.tool)
    kept = swarm.tool.docker("exec", repository, "ls", "/var/lib/pgbackrest/backup")
    assert kept == "minitwit"


def test_a_restore_that_cannot_be_done_changes_nothing(swarm: Installation) -> None:
    """Without a backup nothing is stopped; without one so old, all is as it was."""
    content = f"before the restore {time.time_ns()}"
    assert swarm.answers("POST", f"/msgs/{USER}", 204, {"content": content})
    [repository] = swarm.containers("data_backups", swarm.tool)
    there, hidden = "/var/lib/pgbackrest/backup", "/var/lib/pgbackrest/hidden"
    swarm.tool.docker("exec", repository, "mv", there, hidden)
    try:
        with pytest.raises(CommandFailed, match="There is no backup"):
            swarm.follow_runbook("restore", "The newest state")
    finally:
        swarm.tool.docker("exec", repository, "mv", hidden, there)
    assert swarm.replicas("data_postgres") == (1, 1)
    with pytest.raises(CommandFailed, match="The volume is unchanged"):
        swarm.follow_runbook("restore", "A second in the past", SECOND="2020-01-01")
    swarm.follow_runbook("restore", "When it cannot be done")
    swarm.settle()
    swarm.wait_for_site()
    swarm.wait_for_message(content)


def test_the_status_shows_which_server_is_the_primary(swarm: Installation) -> None:
    """Patroni needs some seconds to see that a server streams, or has been promoted."""
    primary = r"postgres\W+primary\W+running"
    standby = r"standby\W+(replica|sync standby)\W+streaming\W+\d+"
    shown: list[str] = []

    def is_shown() -> bool:
        shown.append(swarm.follow("See what runs"))
        return all(re.search(server, shown[-1]) for server in (primary, standby))

    wait_until(is_shown, lambda: f"both servers\n{shown[-1]}")


def test_a_lost_node_loses_nothing_with_a_synchronous_standby(
    swarm: Installation,
) -> None:
    """The node that has the database loses its power; the other server takes over.

    So that only the database's node is lost, the servers change places first, as they
    do in each deployment of the data stack. The lost server comes back by itself.
    """
    with writing(edge(swarm), USER) as writer:
        writer.go_on()
        asked = time.monotonic()
        swarm.follow("Let commits wait for the standby")
        wait_for_synchronous_standby(swarm, "postgres")
        writer.go_on()
        stopped, changed = pause(writer, asked)
        wait_until(lambda: primaries_seen(swarm) == ["standby"], "the tools to follow")

        lost = time.monotonic()
        swarm.tool.pull_the_plug()
        try:
            writer.wait_for(503, lost)
            writer.wait_for(204, lost + 1, 90)
            writer.go_on()
        finally:
            swarm.tool.start()
    _, back = pause(writer, lost)
    require_only_refused(writer)
    require_all_kept(swarm, writer)
    servers = swarm.follow_runbook("lost-node", "Check", SERVER="postgres")
    assert re.search(r"postgres +\| data_postgres +\| Leader", servers)
    swarm.measured(
        f"the data stack deployed: no write for {changed - stopped:.1f} s; the "
        f"database's node lost, with a synchronous standby: 0 lost of "
        f"{len(writer.acknowledged)}, writes again {back - lost:.1f} s after the loss"
    )
    assert changed - stopped <= MAX_SWITCHOVER
    assert back - lost <= MAX_FAILOVER
    wait_until(lambda: swarm.has_node("tool"), "the lost node to be back")
    wait_for_synchronous_standby(swarm, "standby")
    swarm.follow("Bootstrap")
    swarm.settle()
    change_places(swarm)
    swarm.wait_for_site()


def test_a_lost_volume_is_restored_from_the_other_node(swarm: Installation) -> None:
    """No standby, and the volume is gone: what the archive has comes back."""
    with writing(edge(swarm), USER) as writer:
        # What is written after the newest piece of log in the archive is lost, so the
        # ten seconds begin with one, which would come by itself within a minute.
        archived = "SELECT last_archived_wal FROM pg_stat_archiver"
        piece = ask(swarm, "SELECT pg_walfile_name(pg_switch_wal())")
        wait_until(
            lambda: ask(swarm, archived) >= piece,
            lambda: f"a piece of log\n{swarm.explain('data_postgres')}",
        )
        swarm.operate(f"docker node update --label-rm standby {swarm.tool.hostname}")
        time.sleep(10)
        lost = time.monotonic()
        destroy_database(swarm.application)
        began = time.monotonic()
        swarm.follow_runbook("restore", "The newest state")
        writer.go_on()
    _, back = pause(writer, lost)
    checked = swarm.follow_runbook("restore", "Check")
    assert "whole" in checked
    require_only_refused(writer)
    kept = messages_of(swarm, writer)
    missing = sorted(number(content) for content in writer.acknowledged - kept.keys())
    first_missing = missing[0] if missing else len(writer.answers)
    point = lost - writer.answers[first_missing - 1].sent_at if missing else 0.0
    again = min(n for n in map(number, kept) if writer.answers[n - 1].sent_at > lost)
    swarm.measured(
        f"the database's volume lost without a standby: the last {point:.0f} s lost "
        f"({len(missing)} of {len(writer.acknowledged)} messages), restored and "
        f"writing again {back - began:.0f} s after recover.sh began"
    )
    # What is missing is the end, without a hole before it.
    assert not [n for n in map(number, kept) if first_missing < n < again]
    assert max(kept.values()) == 1
    assert point <= MAX_LOSS
    assert back - began <= MAX_RESTORE
    swarm.follow("The standby", NAME=swarm.tool.hostname)
    wait_for_standby(swarm)
    swarm.settle()
    swarm.wait_for_site()


def test_a_second_in_the_past_is_restored(swarm: Installation) -> None:
    """All messages are deleted: the state of the second before is restored.

    The operator restores a second that is too early first. The standby is stopped
    meanwhile, so that it lacks WAL that no server has after the restore.
    """
    swarm.operate("docker service scale --detach data_standby=0")
    wait_until(lambda: not swarm.containers("data_standby", swarm.tool), "it to leave")
    too_early = ask(swarm, "SELECT now()")
    time.sleep(1.1)
    content = f"before the accident {time.time_ns()}"
    assert swarm.answers("POST", f"/msgs/{USER}", 204, {"content": content})
    count = "SELECT count(*) FROM messages"
    expected = ask(swarm, count)
    # pgBackRest counts in seconds.
    time.sleep(1.1)
    ask(swarm, "SELECT pg_switch_wal()")
    second = ask(swarm, "SELECT now()")
    time.sleep(1.1)
    ask(swarm, "DELETE FROM messages")
    printed = swarm.follow_runbook("restore", "A second in the past", SECOND=too_early)
    assert ask(swarm, count) < expected
    [timeline] = re.findall(r"replaced is timeline (\d+)", printed)
    began = time.monotonic()
    swarm.follow_runbook("restore", "Another second", SECOND=second, TIMELINE=timeline)
    swarm.wait_for_registration()
    took = time.monotonic() - began
    assert ask(swarm, count) == expected
    swarm.wait_for_message(content)
    # The standby follows the restored primary, and on from where that was to stop.
    wait_for_standby(swarm)
    assert swarm.answers("POST", f"/msgs/{USER}", 204, {"content": f"{content}, after"})
    swarm.settle()
    newest = "SELECT content FROM messages ORDER BY id DESC LIMIT 1"
    wait_until(
        lambda: ask(swarm, newest, "standby") == f"{content}, after", "it to follow"
    )
    assert ask(swarm, "SELECT pg_is_in_recovery()", "standby") == "t"
    swarm.measured(
        f"{expected} messages as of a chosen second: writing again after {took:.0f} s"
    )
    assert took <= MAX_RESTORE
    swarm.wait_for_site()


def test_a_lost_application_droplet_is_replaced(
    swarm: Installation, tmp_path: Path
) -> None:
    """The manager, the edge, the functions and the database are gone for good.

    A new droplet takes their place, with the secrets that were kept and the standby
    of the tool droplet. The rest of the run goes on there.
    """
    folder = str(tmp_path / "secrets")
    swarm.follow("Keep the secrets", FOLDER=folder, TOOL=swarm.tool.docker.host)
    assert Path(folder, "minitwit-chat-webhook-1").exists()
    with writing(edge(swarm), USER) as writer:
        writer.go_on(200)
        lost = time.monotonic()
        swarm.application.pull_the_plug()
    swarm.application, swarm.spare = swarm.spare, swarm.application
    swarm.application.start()
    began = time.monotonic()
    runbook = "lost-application-droplet"
    swarm.follow_runbook(runbook, "A new Swarm", FOLDER=folder)
    swarm.follow_runbook(
        runbook, "The tool droplet leaves the lost one", TOOL=swarm.tool.docker.host
    )
    swarm.tool.restart_engine()
    swarm.follow_runbook(
        runbook,
        "The tool droplet joins it",
        TOOL=swarm.tool.docker.host,
        NAME=swarm.tool.hostname,
        MANAGER=swarm.application.address,
    )
    swarm.follow_runbook(runbook, "The standby's copy", NAME=swarm.tool.hostname)
    swarm.wait_for_registration()
    took = time.monotonic() - began
    kept = messages_of(swarm, writer)
    missing = writer.acknowledged - kept.keys()
    times = [writer.answers[number(content) - 1].sent_at for content in missing]
    point = lost - min(times, default=lost)
    swarm.measured(
        f"the application droplet lost for good, with a standby that commits do not "
        f"wait for: the last {point:.1f} s lost ({len(missing)} of "
        f"{len(writer.acknowledged)} messages), everything back on a new droplet "
        f"after {took:.0f} s"
    )
    # It may be that none of a few seconds' messages had come to the standby.
    assert max(kept.values(), default=1) == 1
    assert point <= MAX_LOSS
    assert took <= MAX_RESTORE
    swarm.follow("The tools")
    swarm.settle()
    # The servers change places, so that the next test finds them as it expects.
    change_places(swarm)
    swarm.settle()
    swarm.wait_for_site()
