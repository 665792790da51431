"""The database fails over by itself: Patroni and etcd on three machines.

`MINITWIT_TEST_ETCD_SECONDS` says for how long etcd is lost.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.clusters import migrate
from tests.data.ensemble import Ensemble, Member, running_ensemble
from tests.data.kept import add_writer, require_only
from tests.data.needs import missing_for_root, needs
from tests.data.servers import Server
from tests.data.writing import Answer, Service, Writer, running_function, writing
from tests.waiting import wait_until

pytestmark = needs(missing_for_root("etcd", "ip", "iptables"))

MAX_FAILOVER = 30.0  # seconds from a loss to writes
MAX_SWITCHOVER = 5.0

# A lock in etcd lasts 20 s. What outlasts two of them lasts.
_LONG = float(os.environ.get("MINITWIT_TEST_ETCD_SECONDS") or 45)


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    """Run three servers and three members of etcd on an installation's data."""
    folder = tmp_path_factory.mktemp("ensemble")
    with running_ensemble(folder, 3, 3) as ensemble:
        cluster = ensemble.members[0].cluster
        cluster.create()
        alone = Server(cluster, folder / "alone.log")
        alone.start()
        migrate(cluster)
        add_writer(alone)
        alone.stop()
        ensemble.start()
        ensemble.wait_for_standbys(2)
        yield ensemble


@pytest.fixture
def whole(ensemble: Ensemble) -> Ensemble:
    """Return the ensemble with synchronous commits and everything running."""
    ensemble.wait_for_standbys(2)
    ensemble.synchronous_standby()
    return ensemble


@pytest.fixture
def service(whole: Ensemble, tmp_path: Path) -> Iterator[Service]:
    """Run messages with all servers in its URLs."""
    url = whole.url("messages")
    cluster = whole.members[0].cluster
    with running_function(
        "messages", cluster, tmp_path, url, MINITWIT_DATABASE_READ_URL=url
    ) as service:
        yield service


def test_a_lost_primary_is_replaced_and_comes_back_as_a_standby(
    whole: Ensemble, service: Service, measured: Callable[[str], None]
) -> None:
    old = whole.primary()
    with reading(service) as reads, writing(service) as writer:
        writer.go_on()
        lost = time.monotonic()
        old.host.lose()
        writer.wait_for(503, lost)
        back = writer.wait_for(204, lost + 1, 60)
        writer.go_on()
    require_only(writer.since(lost), 204, 503)
    require_only(reads, 200)
    require_all_kept(whole.primary(), writer)
    outage = back.sent_at - lost
    whole.start_on(old.host)
    whole.wait_for_standbys(2)
    measured(
        f"primary lost: {len(writer.acknowledged)} acknowledged, none lost; "
        f"writes again after {outage:.1f} s; {len(reads)} reads, none failed"
    )
    assert outage <= MAX_FAILOVER


def test_a_switchover_refuses_writes_for_a_moment_and_no_reads(
    whole: Ensemble, service: Service, measured: Callable[[str], None]
) -> None:
    old = whole.primary()
    with reading(service) as reads, writing(service) as writer:
        writer.go_on()
        start = time.monotonic()
        old.control("switchover", "--force", "--leader", old.host.name)
        wait_until(lambda: not old.is_primary, "the switchover", 30)
        writer.wait_for(204, time.monotonic(), 60)
        writer.go_on()
    require_only(writer.since(start), 204, 503)
    require_only(reads, 200)
    require_all_kept(whole.primary(), writer)
    refused = [a.sent_at for a in writer.since(start) if a.status != 204]
    outage = refused[-1] - refused[0] if refused else 0.0
    measured(
        f"switchover: {len(writer.acknowledged)} acknowledged, none lost; "
        f"{len(refused)} refused in {outage:.1f} s; {len(reads)} reads, none failed"
    )
    assert outage <= MAX_SWITCHOVER


def test_a_stop_loses_nothing_that_the_standbys_lack(
    whole: Ensemble, service: Service, measured: Callable[[str], None]
) -> None:
    """With asynchronous replication, no standby that lacks writes is promoted."""
    primary = whole.primary()
    primary.control("edit-config", "--force", "--set", "synchronous_mode=false")
    waits = "SHOW synchronous_standby_names"
    wait_until(lambda: primary.query(waits) == "", whole.explain, 30)
    others = [m.host for m in whole.members if m is not primary]
    with writing(service) as writer:
        with primary.host.refusing(5432, *others):
            primary.query("SELECT pg_terminate_backend(pid) FROM pg_stat_replication")
            writer.go_on()
            stopped = time.monotonic()
            primary.stop()
            refused = writer.wait_for(503, stopped)
            back = writer.wait_for(204, refused.sent_at, 60)
        writer.go_on()
        whole.wait_for_standbys(2)
    require_only(writer.answers, 204, 503)
    require_all_kept(whole.primary(), writer)
    measured(
        f"primary stopped while no standby streams: {len(writer.acknowledged)} "
        f"acknowledged, none lost; writes again {back.sent_at - stopped:.1f} s later"
    )


def test_patroni_changes_nothing_without_the_password(whole: Ensemble) -> None:
    primary = whole.primary()
    for change in ("switchover", "restart", "config"):
        method = "PATCH" if change == "config" else "POST"
        url = f"http://{primary.host.address}:8008/{change}"
        body = json.dumps({"leader": primary.host.name}).encode()
        with pytest.raises(HTTPError, match="401"):
            urlopen(Request(url, body, method=method), timeout=5)
    assert whole.primary() is primary


def test_writes_go_on_when_the_standby_that_they_wait_for_is_lost(
    whole: Ensemble, service: Service, measured: Callable[[str], None]
) -> None:
    primary = whole.primary()
    standby = whole.synchronous_standby()
    with reading(service) as reads, writing(service) as writer:
        writer.go_on()
        lost = time.monotonic()
        standby.host.lose()
        switch = ("switchover", "--force", "--leader", primary.host.name)
        with pytest.raises(AssertionError, match="failed, details: 412"):
            primary.control(*switch, "--candidate", standby.host.name)
        writer.go_on(100)
    refused = [a for a in writer.since(lost) if a.status != 204]
    require_only(writer.since(lost), 204, 503)
    require_only(reads, 200)
    require_all_kept(primary, writer)
    assert whole.primary() is primary
    whole.start_on(standby.host)
    outage = refused[-1].sent_at + refused[-1].seconds - lost if refused else 0.0
    measured(
        f"synchronous standby lost: {len(refused)} writes failed, the last "
        f"{outage:.1f} s later; {len(reads)} reads, none failed"
    )


def test_no_request_fails_while_etcd_is_lost(
    whole: Ensemble, service: Service, measured: Callable[[str], None]
) -> None:
    primary = whole.primary()
    with reading(service) as reads, writing(service) as writer:
        writer.go_on()
        # One member alone is not missed, also if the others had to elect a new leader.
        whole.etcd[0].kill()
        writer.go_on(200)
        for etcd in whole.etcd[1:]:
            etcd.kill()
        end = time.monotonic() + _LONG
        wait_until(lambda: time.monotonic() > end, "the lock to expire", _LONG + 10)
        for etcd in whole.etcd:
            etcd.start()
        wait_until(lambda: all(e.is_healthy() for e in whole.etcd), "etcd", 30)
        writer.go_on()
        whole.wait_for_end_of_failsafe_mode()
    require_only(writer.answers, 204)
    require_only(reads, 200)
    require_all_kept(primary, writer)
    assert whole.primary() is primary
    measured(
        f"etcd lost for {_LONG:.0f} s: {len(writer.acknowledged)} writes and "
        f"{len(reads)} reads, none failed"
    )


def test_two_servers_never_take_writes_when_the_primary_is_cut_off(
    whole: Ensemble, service: Service, measured: Callable[[str], None]
) -> None:
    old = whole.primary()
    others = [m.host for m in whole.members if m is not old]
    with reading(service) as reads, writing(service) as writer:
        writer.go_on()
        cut = time.monotonic()
        old.host.cut_off_from(*others)
        try:
            most = watch_until(whole, lambda: replaced(whole, old))
            back = writer.wait_for(204, time.monotonic(), 60)
            writer.go_on()
        finally:
            old.host.mend(*others)
        whole.wait_for_standbys(2)
    assert most == 1
    require_only(writer.since(cut), 204, 503)
    require_only(reads, 200)
    require_all_kept(whole.primary(), writer)
    measured(
        f"primary cut off: {len(writer.acknowledged)} acknowledged, none lost; "
        f"another one took writes {back.sent_at - cut:.1f} s later; never two"
    )


def test_everything_is_back_after_a_power_failure(
    whole: Ensemble, service: Service, measured: Callable[[str], None]
) -> None:
    with writing(service) as writer:
        writer.go_on()
        for member in whole.members:
            member.host.lose()
        lost = time.monotonic()
        whole.start()
        back = writer.wait_for(204, lost, 120)
        writer.go_on()
    whole.wait_for_standbys(2)
    require_all_kept(whole.primary(), writer)
    measured(f"power lost: writes again {back.sent_at - lost:.1f} s after the start")


def replaced(ensemble: Ensemble, old: Member) -> bool:
    primaries = ensemble.primaries()
    return bool(primaries) and old not in primaries


def watch_until(ensemble: Ensemble, is_over: Callable[[], bool]) -> int:
    """Return how many servers took writes at most until something is true."""
    most = 0

    def over() -> bool:
        nonlocal most
        most = max(most, len(ensemble.primaries()))
        return is_over()

    wait_until(over, ensemble.explain, 90)
    return most


def require_all_kept(primary: Member, writer: Writer) -> None:
    """Check that every acknowledged message is stored exactly once."""
    found = primary.query("SELECT content FROM messages").splitlines()
    assert writer.acknowledged
    lost = writer.acknowledged - set(found)
    assert not lost, f"{len(lost)} of {len(writer.acknowledged)} are lost"
    assert len(found) == len(set(found))


@contextmanager
def reading(service: Service) -> Iterator[list[Answer]]:
    """Read one page after the other until the block ends."""
    answers: list[Answer] = []
    stopped = threading.Event()

    def read() -> None:
        while not stopped.wait(0.02):
            answers.append(service.send("GET", "/msgs"))

    with ExitStack() as stack:
        thread = threading.Thread(target=read)
        thread.start()
        stack.callback(thread.join)
        stack.callback(stopped.set)
        yield answers
