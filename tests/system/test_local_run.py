"""The local run: all programs run, are restarted, and end with the launcher."""

import os
import pty
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import httpx
import psutil
import pytest

from tests.functions import FUNCTIONS, probe
from tests.system.running import (
    RunningSystem,
    is_root,
    local_run,
    running_system,
)
from tests.waiting import status_of, wait_until

SIMULATOR = {"Authorization": "Basic c2ltdWxhdG9yOnN1cGVyX3NhZmUh"}
FIRST_REPLICAS = [f"{function}-1" for function in FUNCTIONS]


def answers(system: RunningSystem, function: str) -> bool:
    path, status = probe(function)
    return status_of(system.url + path) == status


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_answers_through_the_edge(
    system: RunningSystem, function: str
) -> None:
    assert answers(system, function)


def test_each_function_is_a_process_of_its_own(system: RunningSystem) -> None:
    assert len(set(system.pids(*FIRST_REPLICAS))) == len(FUNCTIONS)


def test_operators_paths_are_not_published(system: RunningSystem) -> None:
    assert status_of(f"{system.url}/metrics") == 404
    operator_port = system.replicas[0]["operator_port"]
    assert status_of(f"http://127.0.0.1:{operator_port}/metrics") == 200


def test_nothing_listens_beyond_this_machine(system: RunningSystem) -> None:
    listening = [
        connection.laddr.ip
        for process in system.processes()
        for connection in process.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 2 + 2 * len(FUNCTIONS)
    assert all(ip_address(address).is_loopback for address in listening)


@pytest.mark.parametrize("path", ["/msgs/a%2Fb", "/msgs/a%00b"])
def test_an_ambiguous_path_is_refused(system: RunningSystem, path: str) -> None:
    assert status_of(system.url + path) == 400


def test_a_name_with_a_backslash_has_a_page(system: RunningSystem) -> None:
    account = {"username": "a\\b", "email": "a@b", "pwd": "secret"}
    httpx.post(f"{system.url}/register", json=account)
    assert status_of(f"{system.url}/a%5Cb") == 200


def test_the_server_does_not_name_its_software(system: RunningSystem) -> None:
    assert "server" not in httpx.get(f"{system.url}/latest").headers


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_killed_function_leaves_the_others_working_and_comes_back(
    system: RunningSystem, function: str
) -> None:
    killed = system.process(f"{function}-1")
    for process in [killed, *killed.children()]:
        process.kill()
    others = [other for other in FUNCTIONS if other != function]
    assert all(answers(system, other) for other in others)
    wait_until(lambda: answers(system, function), seconds=10)
    assert system.process(f"{function}-1").pid != killed.pid


def test_a_killed_master_does_not_leave_its_worker_on_the_port(
    system: RunningSystem,
) -> None:
    killed = system.process("messages-1")
    (worker,) = killed.children()
    killed.kill()
    wait_until(lambda: has_ended(worker), seconds=10)
    wait_until(lambda: answers(system, "messages"), seconds=10)


def test_a_killed_database_comes_back_without_a_restart_of_the_functions(
    system: RunningSystem,
) -> None:
    database, function = system.pids("postgres", "messages-1")
    psutil.Process(database).kill()
    wait_until(lambda: system.pids("postgres") != [database], seconds=30)
    wait_until(lambda: system.is_up("postgres"), seconds=30)
    wait_until(lambda: answers(system, "messages"), seconds=30)
    assert system.pids("messages-1") == [function]


def test_scaling_touches_only_the_function_that_is_scaled(
    system: RunningSystem,
) -> None:
    before = system.pids(*FIRST_REPLICAS, "traefik", "postgres")
    grown = system.command("scale", "messages=3")
    assert "messages-1, messages-2, messages-3" in grown.stdout, grown.stderr
    ports = {r["port"] for r in system.replicas if r["function"] == "messages"}
    assert len(ports) == 3
    wait_until(lambda: answers(system, "messages"))
    assert "messages-3" in system.command("status").stdout
    shrunk = system.command("scale", "messages=1")
    assert "messages-2" not in shrunk.stdout, shrunk.stderr
    assert answers(system, "messages")
    assert system.pids(*FIRST_REPLICAS, "traefik", "postgres") == before


def test_with_two_replicas_callers_do_not_notice_a_killed_one(
    system: RunningSystem,
) -> None:
    assert system.command("scale", "timeline=2").returncode == 0
    master = system.process("timeline-2")
    killed = [master, *master.children()]
    for process in killed:
        process.kill()
    # A process that is still ending accepts connections; what Traefik has sent there is
    # lost, and it does not repeat a request that it has sent.
    wait_until_none_is_left(killed)
    assert [status_of(f"{system.url}/public") for _ in range(20)] == [200] * 20
    assert system.command("scale", "timeline=1").returncode == 0


@pytest.mark.parametrize("wanted", ["nosuch=2", "timeline=0", "timeline", "timeline=x"])
def test_an_invalid_scale_changes_nothing(system: RunningSystem, wanted: str) -> None:
    before = system.replicas
    refused = system.command("scale", wanted)
    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: SCALE: ")
    assert system.replicas == before


# Each of these once kept a system from starting, or changed what ran.
HOSTILE = {
    "PGPORT": "5433",
    "PGHOST": "nowhere.example",
    "PGDATA": "/nonexistent",
    "PGOPTIONS": "--nonsense",
    "PYTHONPATH": "/nonexistent",
    "PYTHONHOME": "/nonexistent",
    "PYTHONWARNINGS": "error",
    "PYTHONOPTIMIZE": "2",
    "PYTHONIOENCODING": "latin-1",
    "LC_ALL": "C",
    "LANG": "tr_TR.ISO-8859-9",
    "TMPDIR": "/nonexistent",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "OTEL_SDK_DISABLED": "perhaps",
    "SENTRY_DSN": "nonsense",
    "GUNICORN_CMD_ARGS": "--workers=0 --bind=nonsense",
    "WEB_CONCURRENCY": "nonsense",
    "TRAEFIK_ENTRYPOINTS_WEB_ADDRESS": ":1",
    "MINITWIT_DATABASE_URL": "postgresql://nobody@nowhere.example/none",
    "MINITWIT_DATABASE_READ_URL": "postgresql://nobody@nowhere.example/none",
    "MINITWIT_DATABASE_CA_FILE": "/nowhere",
    "MINITWIT_FUNCTION": "none",
    "MINITWIT_PORT": "none",
}


def test_the_callers_variables_harm_nothing(tmp_path: Path) -> None:
    with running_system(tmp_path, environment=HOSTILE) as system:
        assert all(answers(system, function) for function in FUNCTIONS)
        assert system.pids("postgres")


def test_a_minitwit_command_works_on_what_runs(system: RunningSystem) -> None:
    account = {"username": "Max Q. M.", "email": "m@x", "pwd": "secret"}
    httpx.post(f"{system.url}/register", json=account)
    granted = system.command("minitwit", "grant-moderator", "Max Q. M.")
    assert (granted.returncode, granted.stdout) == (0, "Max Q. M. is a moderator.\n")
    assert "version development" in system.command("minitwit", "status").stdout
    refused = system.command("minitwit", "flag", "999999")
    assert refused.returncode == 1
    assert refused.stderr == "Error: There is no such message.\n"


def test_the_edge_adds_and_deletes_the_same_headers_as_in_production(
    system: RunningSystem,
) -> None:
    forged = {"Forwarded": "host=evil.example;proto=https"}
    feed = httpx.get(f"{system.url}/public/feed", headers=forged)
    assert feed.status_code == 200
    assert "evil.example" not in feed.text
    for path in ("/latest", "/public/feed", "/new_messages"):
        headers = httpx.get(system.url + path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.skipif(not is_root(), reason="only root can mount a small disk")
def test_on_a_full_disk_reads_go_on_and_the_reason_is_reported(tmp_path: Path) -> None:
    account = {"username": "Ida", "email": "i@da", "pwd": "secret"}
    with small_disk(tmp_path) as disk, running_system(disk) as system:
        ballast, rest = disk / "ballast", disk / "rest"
        fill(ballast, leave=128 * 2**20)
        wait_until(lambda: "is nearly full" in system.log, seconds=30)
        wait_until(lambda: register(system, account) == 503, seconds=30)
        fill(rest, leave=0)
        before = system.pids(*FIRST_REPLICAS, "traefik", "postgres")
        # Enough lines of logs to end a supervisord that cannot write them.
        assert {status_of(f"{system.url}/public") for _ in range(300)} == {200}
        assert system.pids(*FIRST_REPLICAS, "traefik", "postgres") == before
        assert system.launcher.poll() is None
        for file in (ballast, rest):
            file.unlink()
        wait_until(lambda: register(system, account) == 204, seconds=30)
        assert "writes go on" in system.log


@pytest.mark.skipif(not is_root(), reason="only root can mount a small disk")
def test_a_supervisor_killed_on_a_full_disk_loses_no_acknowledged_message(
    tmp_path: Path,
) -> None:
    """A start is refused until there is room, and finds each message, once."""
    with small_disk(tmp_path) as disk:
        with running_system(disk) as system:
            register(system, {"username": "Ida", "email": "i@da", "pwd": "secret"})
            acknowledged: list[str] = []
            ballast, status = disk / "ballast", 204
            while status == 204:
                content = f"message {len(acknowledged) + 1}"
                if (status := post(system, content)) == 204:
                    acknowledged.append(content)
                if len(acknowledged) == 20:
                    fill(ballast, leave=128 * 2**20)
            assert status == 503
            fill(disk / "rest", leave=0)
            kill_supervisor(system)
        refused = local_run("up", "--port=0", "--folder", str(disk))
        assert refused.returncode == 1
        assert re.fullmatch("Error: Less than .*: make room, .*\n", refused.stderr)
        for file in (ballast, disk / "rest"):
            file.unlink()
        with running_system(disk) as system:
            page = httpx.get(f"{system.url}/msgs/Ida?no=10000", headers=SIMULATOR)
            kept = [message["content"] for message in page.json()]
            assert sorted(kept) == sorted(acknowledged)
            # It was left read-only.
            assert post(system, "there is room again") == 204


def post(system: RunningSystem, content: str) -> int:
    return httpx.post(
        f"{system.url}/msgs/Ida",
        json={"content": content},
        headers=SIMULATOR,
        timeout=10,
    ).status_code


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a file system of 600 MB."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600m", "tmpfs", str(disk)]
    subprocess.run(mount, check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def fill(file: Path, leave: int) -> None:
    """Write a file of everything that is free but so many bytes."""
    size = shutil.disk_usage(file.parent).free - leave
    with file.open("wb") as ballast:
        os.posix_fallocate(ballast.fileno(), 0, size)


def register(system: RunningSystem, account: dict[str, str]) -> int:
    return httpx.post(f"{system.url}/register", json=account, timeout=10).status_code


def test_a_second_run_in_the_same_folder_is_refused(system: RunningSystem) -> None:
    second = system.command("up", "--port=0")
    assert second.returncode == 1
    assert second.stderr.startswith("Error: MiniTwit runs here already (process ")
    assert answers(system, "timeline")


def test_a_function_that_does_not_start_is_named_with_its_reason(
    tmp_path: Path,
) -> None:
    failed = local_run(
        "up", "--port=0", "--folder", str(tmp_path), MINITWIT_CONCURRENCY="none"
    )
    assert failed.returncode == 1
    (line,) = failed.stderr.strip().splitlines()
    assert re.match(r"Error: \w+-1 does not start\. ", line)
    assert "minitwit cannot start: MINITWIT_CONCURRENCY:" in line


def test_two_systems_run_beside_each_other(
    system: RunningSystem, tmp_path: Path
) -> None:
    with running_system(tmp_path) as other:
        assert other.url != system.url
        for each, latest in ((system, 17), (other, 23)):
            httpx.get(f"{each.url}/msgs?latest={latest}", headers=SIMULATOR)
        assert httpx.get(f"{system.url}/latest").json() == {"latest": 17}
        assert httpx.get(f"{other.url}/latest").json() == {"latest": 23}


def test_a_closed_terminal_ends_everything_without_a_signal(tmp_path: Path) -> None:
    # The kernel signals the session's leader, which may be a `make` that only waits.
    keyboard, terminal = pty.openpty()
    with running_system(tmp_path, terminal=terminal) as system:
        os.close(terminal)
        processes = system.processes()
        os.close(keyboard)
        assert system.launcher.wait(timeout=30) == 0
        wait_until_none_is_left(processes)


def test_a_killed_launcher_or_supervisor_leaves_the_data_and_nothing_else(
    tmp_path: Path,
) -> None:
    account = {"username": "Ida", "email": "i@da", "pwd": "secret"}
    with running_system(tmp_path) as system:
        processes = system.processes()
        assert len(processes) > 10
        assert register(system, account) == 204
        system.launcher.kill()
    # At once, while the processes of the first run are still ending.
    with running_system(tmp_path) as system:
        wait_until_none_is_left(processes)
        assert register(system, account) == 400
        kill_supervisor(system)
    with running_system(tmp_path) as system:
        assert register(system, account) == 400


def kill_supervisor(system: RunningSystem) -> None:
    """SIGKILL supervisord: everything ends, and the launcher says why."""
    processes = system.processes()
    psutil.Process(system.launcher.pid).children()[0].kill()
    assert system.launcher.wait(timeout=30) == 1
    wait_until_none_is_left(processes)
    assert "Error: supervisord ended" in system.log
    assert "Traceback" not in system.log


def wait_until_none_is_left(processes: list[psutil.Process]) -> None:
    wait_until(lambda: all(has_ended(process) for process in processes), seconds=30)


def has_ended(process: psutil.Process) -> bool:
    try:
        # A zombie has ended; its parent has only not called wait() yet.
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.skipif(not is_root(), reason="the other tests run as an ordinary user")
def test_an_ordinary_user_can_run_it(tmp_path: Path) -> None:
    unprivileged = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    # The interpreter and the checkout may be where only root can go.
    unprivileged += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    subprocess.run(["chown", "65534", tmp_path], check=True)
    with running_system(tmp_path, run_as=unprivileged) as system:
        assert all(answers(system, function) for function in FUNCTIONS)
        assert {process.uids().real for process in system.processes()} == {65534}
