"""A standby: it is found when it takes over, and reads from it are never stale."""

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from minitwit.postgres.roles import function_role
from tests.data.exporter import exporter_queries
from tests.data.kept import (
    MAX_DISCOVERY,
    MAX_REFUSAL,
    refusals,
    require_only,
)
from tests.data.replication import Pair, running_pair, superuser, until
from tests.data.servers import Server
from tests.data.writing import Service, running_function, writing
from tests.waiting import wait_until


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """Run a primary with a standby that streams from it."""
    with running_pair(tmp_path) as pair:
        yield pair


def exported(server: Server) -> dict[str, list[list[object]]]:
    """Return what the exporter of a server tells, by the names of its queries."""
    return {name: superuser(server, sql) for name, sql in exporter_queries().items()}


def standbys_away(primary: Server) -> object:
    [[disconnected]] = exported(primary)["minitwit_standby"]
    return disconnected


def test_a_promoted_standby_is_found_within_a_second(
    pair: Pair, tmp_path: Path, measured: Callable[[str], None]
) -> None:
    url = pair.url(function_role("messages"), pair.primary, pair.standby)
    with (
        running_function("messages", pair.primary.cluster, tmp_path, url) as service,
        writing(service) as writer,
    ):
        lost = time.monotonic()
        pair.primary.stop(signal.SIGKILL)
        writer.wait_for(503, lost)
        asked = time.monotonic()
        superuser(pair.standby, "SELECT pg_promote()")
        promoted = time.monotonic()
        back = writer.wait_for(204, asked)
    require_only(writer.since(lost), 204, 503)
    slow = refusals(writer.answers)
    measured(
        f"standby promoted: writes again {back.sent_at - promoted:.2f} s later; "
        f"slowest refusal {1000 * slow[-1]:.0f} ms"
    )
    assert back.sent_at - promoted <= MAX_DISCOVERY
    assert slow[len(slow) // 2] <= MAX_REFUSAL


def test_reads_never_stop_while_a_primary_is_lost_and_the_standby_becomes_it(
    pair: Pair, tmp_path: Path
) -> None:
    servers = (pair.primary, pair.standby)
    url = pair.url(function_role("messages"), *servers)
    with running_function(
        "messages", pair.primary.cluster, tmp_path, url, MINITWIT_DATABASE_READ_URL=url
    ) as service:
        # The order of the hosts does not matter, and the primary is none of them.
        begin_to_read(pair.standby, service)
        pair.primary.stop(signal.SIGKILL)
        answers = [service.send("GET", "/msgs") for _ in range(50)]
        superuser(pair.standby, "SELECT pg_promote()")
        with writing(service):
            answers += [service.send("GET", "/msgs") for _ in range(50)]
        require_only(answers, 200)


def test_the_tools_hear_of_the_server_alone_that_takes_writes(pair: Pair) -> None:
    superuser(pair.primary, "INSERT INTO backups (kind) VALUES ('full')")
    until(pair.standby, "SELECT count(*) = 1 FROM backups")
    assert all(exported(pair.primary).values())
    assert not any(exported(pair.standby).values())
    pair.primary.stop(signal.SIGKILL)
    superuser(pair.standby, "SELECT pg_promote()")
    assert all(exported(pair.standby).values())


def test_the_tools_hear_of_a_lost_standby(pair: Pair) -> None:
    assert standbys_away(pair.primary) == 0
    pair.standby.stop(signal.SIGKILL)
    until(pair.primary, "SELECT count(*) = 0 FROM pg_stat_replication")
    assert standbys_away(pair.primary) == 1


def test_who_has_just_written_reads_it_and_others_read_from_the_standby(
    pair: Pair, tmp_path: Path
) -> None:
    with reading_function(pair, tmp_path) as service:
        # From here on the standby shows nothing new.
        superuser(pair.standby, "SELECT pg_wal_replay_pause()")
        answer = service.send("POST", "/msgs/writer", {"content": "just now"})
        assert answer.status == 204
        assert re.search("^wrote=1;.*Max-Age=5", answer.cookies[0], re.I)
        mine = service.send("GET", "/msgs", cookie="wrote=1")
        assert b"just now" in mine.body
        # It is left out as soon as it is late, and everybody sees the message.
        wait_until(
            lambda: b"just now" in service.send("GET", "/msgs").body,
            "a lagging standby to be left out",
        )
        assert time.monotonic() - answer.sent_at < 5
        assert lag(service) > 1
        superuser(pair.standby, "SELECT pg_wal_replay_resume()")
        wait_until(lambda: lag(service) == 0, "the standby to be taken back")


def test_reads_go_on_while_the_primary_is_away(pair: Pair, tmp_path: Path) -> None:
    with reading_function(pair, tmp_path) as service:
        pair.primary.stop(signal.SIGKILL)
        assert service.send("POST", "/msgs/writer", {"content": "x"}).status == 503
        answers = [service.send("GET", "/msgs") for _ in range(50)]
        assert {answer.status for answer in answers} == {200}


def test_reads_go_on_without_what_was_lost_with_the_primary(
    pair: Pair, tmp_path: Path
) -> None:
    with reading_function(pair, tmp_path) as service:
        superuser(pair.standby, "ALTER SYSTEM SET primary_conninfo = ''")
        superuser(pair.standby, "SELECT pg_reload_conf()")
        until(pair.primary, "SELECT count(*) = 0 FROM pg_stat_replication")
        answer = service.send("POST", "/msgs/writer", {"content": "soon lost"})
        assert answer.status == 204
        wait_until(
            lambda: b"soon lost" in service.send("GET", "/msgs").body,
            "a lagging standby to be left out",
        )
        pair.primary.stop(signal.SIGKILL)
        wait_until(
            lambda: service.send("GET", "/msgs").status == 200, "the standby to answer"
        )
        answers = [service.send("GET", "/msgs") for _ in range(50)]
        require_only(answers, 200)
        assert b"soon lost" not in answers[-1].body


@contextmanager
def reading_function(pair: Pair, folder: Path) -> Iterator[Service]:
    """Run messages with reads from the standby until the block ends."""
    url = pair.url(function_role("messages"), pair.standby)
    with running_function(
        "messages", pair.primary.cluster, folder, MINITWIT_DATABASE_READ_URL=url
    ) as service:
        begin_to_read(pair.standby, service)
        yield service


def begin_to_read(standby: Server, service: Service) -> None:
    """Wait until the function reads from the standby."""
    reading = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE usename = 'minitwit_messages' AND query LIKE '%messages%'"
    )

    def reads() -> bool:
        assert service.send("GET", "/msgs").status == 200
        return superuser(standby, reading) != [[0]]

    wait_until(reads, "reads from the standby")


def lag(service: Service) -> float:
    """Return the metric, after another read."""
    service.send("GET", "/msgs")
    metrics = service.operators_say("/metrics")
    found = re.search(r"^minitwit_standby_lag_seconds{.*} (\S+)", metrics, re.M)
    return float(found[1]) if found else float("inf")
