"""No acknowledged message is lost or doubled, whatever is done to PostgreSQL.

A writer posts over HTTP to the real function while the server is killed, restarted,
cut off or out of space, and remembers what was acknowledged.
"""

import os
import shutil
import signal
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from deploy.local.postgres import SUPERUSER
from minitwit.postgres.roles import function_role
from tests.data.kept import (
    MAX_REFUSAL,
    MAX_RETURN,
    add_writer,
    refusals,
    require_all_kept,
    require_only,
)
from tests.data.needs import missing_for_root, needs
from tests.data.servers import (
    Server,
    let_in_over_tcp,
    network,
    programs,
    running_server,
)
from tests.data.writing import Writer, running_function, writing

GUARDED_PERCENT = 20  # of a small disk has to stay free

GUARD = Path(__file__).parents[2] / "deploy/data/disk-guard.sh"


def report(what: str, writer: Writer, slow: list[float], back_after: float) -> str:
    milliseconds = 1000 * statistics.median(slow) if slow else 0.0
    return (
        f"{what}: {len(writer.acknowledged)} acknowledged, all kept once; "
        f"{len(slow)} refused, median {milliseconds:.0f} ms, "
        f"slowest {1000 * slow[-1] if slow else 0:.0f} ms; "
        f"writes again {back_after:.2f} s after the database"
    )


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill", "stop"])
def test_a_server_that_ends_and_starts_again_loses_nothing(
    tmp_path: Path, measured: Callable[[str], None], how: signal.Signals
) -> None:
    with (
        running_server(tmp_path) as server,
        running_function("messages", server.cluster, tmp_path) as service,
    ):
        add_writer(server)
        with writing(service) as writer:
            began, returns = time.monotonic(), []
            for _ in range(3):
                writer.go_on()
                server.stop(how)
                writer.wait_for(503)
                returned = server.start()
                returns.append(writer.wait_for(204, returned).sent_at - returned)
        require_only(writer.since(began), 204, 503)
        require_all_kept(server, writer)
        slow = refusals(writer.answers)
        measured(
            report(f"server ended by {how.name} 3 times", writer, slow, max(returns))
        )
        assert max(returns) <= MAX_RETURN
        assert statistics.quantiles(slow, n=20)[-1] <= MAX_REFUSAL


@needs(missing_for_root("ip", "iptables"))
def test_a_network_that_swallows_everything_loses_nothing(
    tmp_path: Path, measured: Callable[[str], None]
) -> None:
    with network() as net:
        options = [f"--listen_addresses={net.there}", "--port=5432"]
        with running_server(tmp_path, options, net.prefix) as server:
            let_in_over_tcp(server.cluster)
            server.stop()
            server.start()
            add_writer(server)
            url = f"postgresql://{function_role('messages')}@{net.there}:5432/minitwit"
            with (
                running_function("messages", server.cluster, tmp_path, url) as service,
                writing(service) as writer,
            ):
                writer.go_on()
                cut = time.monotonic()
                net.cut()
                first = writer.wait_for(503, cut)
                time.sleep(5)  # Long enough for several attempts to connect.
                net.mend()
                mended = time.monotonic()
                back = writer.wait_for(204, mended)
            during = [a for a in writer.since(cut) if a.sent_at < mended]
            require_only(during, 204, 503)
            require_all_kept(server, writer)
            later = refusals([a for a in during if a.sent_at > first.sent_at])
            measured(f"network cut: the first 503 after {first.seconds:.2f} s")
            measured(report("network cut", writer, later, back.sent_at - mended))
            assert back.sent_at - mended <= MAX_RETURN
            assert first.seconds <= 1.5
            # One request in a second may be the one that finds out.
            assert statistics.quantiles(later, n=20)[-1] <= MAX_REFUSAL


@needs(missing_for_root("mount", "umount"))
def test_on_a_full_disk_writes_are_refused_and_reads_go_on(
    tmp_path: Path, measured: Callable[[str], None]
) -> None:
    with (
        small_disk(tmp_path / "disk") as disk,
        running_server(disk, ["--max_wal_size=64MB", "--min_wal_size=32MB"]) as server,
        running_function("messages", server.cluster, tmp_path) as service,
    ):
        add_writer(server)
        with writing(service) as writer:
            writer.go_on()
            began = time.monotonic()
            ballast = disk / "ballast"
            with suppress(OSError), ballast.open("wb") as file:
                while free_percent(disk) > GUARDED_PERCENT - 3:
                    file.write(bytes(2**20))
                    file.flush()
            assert "the database is read-only" in run_disk_guard(server, disk)
            refused = writer.wait_for(503)
            assert service.send("GET", "/msgs").status == 200
            assert run_disk_guard(server, disk) == ""
            reads = [service.send("GET", "/msgs").status for _ in range(20)]
            assert set(reads) == {200}
            ballast.unlink()
            emptied = time.monotonic()
            assert "accepts writes" in run_disk_guard(server, disk)
            back = writer.wait_for(204, emptied)
        require_only(writer.since(began), 204, 503)
        require_all_kept(server, writer)
        slow = refusals(writer.answers)
        measured(report("disk full", writer, slow, back.sent_at - emptied))
        assert refused.seconds <= MAX_REFUSAL
        assert back.sent_at - emptied <= MAX_RETURN


@needs(missing_for_root("mount", "umount"))
def test_a_disk_that_filled_unguarded_loses_nothing(
    tmp_path: Path, measured: Callable[[str], None]
) -> None:
    with (
        small_disk(tmp_path / "disk") as disk,
        running_server(disk, ["--max_wal_size=64MB", "--min_wal_size=32MB"]) as server,
        running_function("messages", server.cluster, tmp_path) as service,
    ):
        add_writer(server)
        with writing(service) as writer:
            writer.go_on()
            began = time.monotonic()
            ballast = disk / "ballast"
            with suppress(OSError), ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(2**16))
            # The table grows until it needs a page that the disk does not have.
            writer.wait_for(503)
            ballast.unlink()
            emptied = time.monotonic()
            server.start()  # The server may have stopped; start it as Swarm would.
            back = writer.wait_for(204, emptied)
        require_only(writer.since(began), 204, 503)
        require_all_kept(server, writer)
        slow = refusals(writer.answers)
        measured(report("disk full, unguarded", writer, slow, back.sent_at - emptied))


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a disk of 200 MB in memory until the block ends."""
    folder.mkdir()
    options = "size=200m,mode=755"
    subprocess.run(("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder), check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def free_percent(folder: Path) -> float:
    usage = shutil.disk_usage(folder)
    return 100 * usage.free / usage.total


def run_disk_guard(server: Server, folder: Path) -> str:
    """Let the guard look once."""
    return subprocess.run(
        [GUARD, folder, str(GUARDED_PERCENT)],
        env={
            "PATH": f"{programs(server.cluster)}:{os.environ['PATH']}",
            "PGHOST": str(server.cluster.sockets),
            "PGPASSWORD": server.cluster.password_file(SUPERUSER).read_text().strip(),
        },
        check=True,
        capture_output=True,
        text=True,
    ).stdout
