"""PostgreSQL of the local run: created completely or not at all, with passwords.

It needs nothing but the wheel, so it is a unit test that starts a process.
"""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from pg8000.native import Connection, DatabaseError, InterfaceError

from deploy.local import accounts
from deploy.local.accounts import Account, run_as
from deploy.local.errors import LocalRunError
from deploy.local.postgres import Cluster, running_cluster
from tests.waiting import wait_until


def connect(cluster: Cluster, role: str, password: str | None = None) -> Connection:
    if password is None:
        password = cluster.password_file(role).read_text().strip()
    socket = str(cluster.sockets / ".s.PGSQL.5432")
    return Connection(role, password=password, database="minitwit", unix_sock=socket)


def cluster_in(folder: Path) -> Cluster:
    return Cluster(folder / "postgres", folder / "secrets", folder / "s", durable=False)


def test_the_roles_sign_in_with_their_passwords_and_only_with_them(
    tmp_path: Path,
) -> None:
    with running_cluster(tmp_path) as cluster:
        for role in ("minitwit", "postgres"):
            connection = connect(cluster, role)
            assert connection.run("SELECT current_user") == [[role]]
            connection.close()
        with pytest.raises((DatabaseError, InterfaceError)):
            connect(cluster, "minitwit", password="wrong")


def test_the_role_that_all_functions_shared_cannot_sign_in(tmp_path: Path) -> None:
    with running_cluster(tmp_path) as cluster:
        with pytest.raises((DatabaseError, InterfaceError)):
            connect(cluster, "minitwit_app")


def test_data_outlives_the_server(tmp_path: Path) -> None:
    with running_cluster(tmp_path) as cluster:
        connection = connect(cluster, "minitwit")
        connection.run("CREATE TABLE kept (n int)")
        connection.close()
    with running_cluster(tmp_path) as cluster:
        connection = connect(cluster, "minitwit")
        assert connection.run("SELECT count(*) FROM kept") == [[0]]
        connection.close()


def test_a_server_ends_with_its_parent(tmp_path: Path) -> None:
    code = (
        "import os, sys, signal; from pathlib import Path\n"
        "from deploy.local.postgres import running_cluster\n"
        "with running_cluster(Path(sys.argv[1])) as cluster:\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as sockets:
        starter = subprocess.run(
            [sys.executable, "-c", code, tmp_path],
            env={**os.environ, "TMPDIR": sockets},
        )
    assert starter.returncode == -signal.SIGKILL
    # The server removes the file as the last thing of an orderly stop.
    running = tmp_path / "postgres" / "postmaster.pid"
    wait_until(lambda: not running.exists(), "the server to stop")


def test_passwords_are_for_their_owner_alone(tmp_path: Path) -> None:
    path = cluster_in(tmp_path).password_file("minitwit")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(path.read_text()) > 32


def test_an_incomplete_data_folder_is_deleted(tmp_path: Path) -> None:
    draft = tmp_path / "postgres.draft-crashed"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18")
    cluster_in(tmp_path).create()
    assert not draft.exists()
    assert (tmp_path / "postgres" / "PG_VERSION").exists()


def test_a_failed_start_leaves_no_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = cluster_in(tmp_path)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "database_password_minitwit").write_text("it's broken")
    with pytest.raises(LocalRunError) as error:
        cluster.create()
    assert not cluster.data.exists()
    assert "broken" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [({}, "not of PostgreSQL"), ({"PG_VERSION": "17\n"}, "of PostgreSQL 17")],
)
def test_a_folder_that_is_not_ours_is_refused_and_kept(
    tmp_path: Path, content: dict[str, str], reason: str
) -> None:
    cluster = cluster_in(tmp_path)
    cluster.data.mkdir()
    for name, text in content.items():
        (cluster.data / name).write_text(text)
    with pytest.raises(LocalRunError, match=f"{reason}.*move it to start"):
        cluster.create()
    assert {p.name for p in cluster.data.iterdir()} == set(content)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends another account")
def test_a_lent_account_can_use_what_only_root_can_reach(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    program = closed / "program"
    program.write_text("#!/bin/sh\nid -u\n")
    program.chmod(0o755)
    words = run_as(Account(uid=65534, gid=65534), "INT", [program])
    # `test` calls access(2), as PostgreSQL does.
    command = [*words, "sh", "-c", f"test -x {program} && {program}"]
    assert subprocess.check_output(command, cwd="/") == b"65534\n"


def test_an_account_gets_a_capability_only_for_folders_it_cannot_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(accounts, "_reading_capability", lambda: "dac_read_search")
    other = Account(uid=65534, gid=65534)
    assert not any("caps" in word for word in run_as(other, "INT", [Path("/usr/bin")]))
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    words = run_as(other, "INT", [closed / "data"])
    assert "--ambient-caps=+dac_read_search" in words


def test_a_slow_statement_is_logged_without_its_values(tmp_path: Path) -> None:
    with running_cluster(tmp_path) as cluster:
        connection = connect(cluster, "postgres")
        connection.run("SET log_min_duration_statement = 0")
        connection.run("SELECT length(:value)", value="a hash")
        connection.close()
        log = (tmp_path / "postgres.log").read_text()
    assert "SELECT length" in log
    assert "a hash" not in log
