"""What the servers make of the volumes they find: empty, foreign, or of 0.1.0."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clusters import migrate
from tests.data.ensemble import Ensemble, Member, running_ensemble
from tests.data.kept import add_writer
from tests.data.needs import missing_for_root, needs
from tests.data.replication import let_replicate, make_standby, superuser
from tests.data.servers import Server
from tests.waiting import wait_until

pytestmark = needs(missing_for_root("etcd", "ip", "iptables"))


@pytest.fixture
def ensemble(tmp_path: Path) -> Iterator[Ensemble]:
    """Return two servers on empty volumes, which do not run yet, with their etcd."""
    with running_ensemble(tmp_path, 2, 1) as ensemble:
        ensemble.etcd[0].start()
        yield ensemble


def test_a_new_database_needs_permission_and_a_foreign_one_is_refused(
    ensemble: Ensemble,
) -> None:
    first, second = ensemble.members
    first.start()
    first.wait_for_log("is empty, and no other server has data")
    assert not first.cluster.data.exists()
    allow_new_database(ensemble)
    assert ensemble.primary() is first
    databases = "SELECT count(*) FROM pg_database WHERE datname = 'minitwit'"
    wait_until(lambda: first.query(databases, "postgres") == "1", ensemble.explain, 60)
    wait_until(lambda: not marker(ensemble).exists(), ensemble.explain)
    wait_until(
        lambda: "synchronous_mode: true" in first.control("show-config"),
        ensemble.explain,
        30,
    )
    # An empty server copies the first. With data of another database, it stays stopped.
    second.start()
    ensemble.wait_for_standbys(1)
    second.host.lose()
    shutil.rmtree(second.cluster.data)
    second.cluster.create()
    second.start()
    second.wait_for_log("system ID mismatch")
    assert not second.query("SELECT 1", "postgres")


def test_the_servers_of_0_1_0_move_over_with_their_data(
    ensemble: Ensemble, tmp_path: Path
) -> None:
    first, second = ensemble.members
    make_servers_of_0_1_0(first, second, tmp_path)
    # The standby is stopped meanwhile (docs/operations.md).
    first.start()
    assert ensemble.primary() is first
    # Commits no longer wait for a standby of that name.
    first.query("INSERT INTO backups (kind) VALUES ('full')")
    second.start()
    ensemble.wait_for_standbys(1)
    assert ensemble.synchronous_standby() is second
    moved = "SELECT count(*) FROM users, backups"
    wait_until(lambda: second.query(moved) == "1", ensemble.explain)
    # A slot that no server uses would keep WAL.
    slots = "SELECT string_agg(slot_name, ' ') FROM pg_replication_slots"
    wait_until(lambda: first.query(slots) == second.host.name, ensemble.explain)


def make_servers_of_0_1_0(first: Member, second: Member, folder: Path) -> None:
    """Make a primary and its synchronous standby, and stop both."""
    first.cluster.create()
    let_replicate(first.cluster)
    primary = Server(first.cluster, folder / "primary.log")
    primary.start()
    migrate(first.cluster)
    add_writer(primary)
    make_standby(primary, second.cluster.data)
    superuser(primary, "ALTER SYSTEM SET synchronous_commit = 'remote_apply'")
    superuser(primary, "ALTER SYSTEM SET synchronous_standby_names = 'standby'")
    primary.stop()


def marker(ensemble: Ensemble) -> Path:
    """Return the file by which bootstrap.sh allows a new database."""
    return ensemble.members[0].cluster.data.parents[1] / "new-installation"


def allow_new_database(ensemble: Ensemble) -> None:
    owner = marker(ensemble).parent.stat()
    marker(ensemble).touch()
    os.chown(marker(ensemble), owner.st_uid, owner.st_gid)
