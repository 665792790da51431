"""`up`: starts a system, keeps it until a signal, and leaves no process behind."""

import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local import minitwit_commands, supervision
from deploy.local.configuration import (
    cluster_in,
    function_environment,
    write_configuration,
)
from deploy.local.disk_guard import DiskGuard, require_room
from deploy.local.errors import LocalRunError
from deploy.local.lock import exclusive
from deploy.local.paths import Paths
from deploy.local.ports import free_ports, require_free
from deploy.local.postgres import Cluster
from deploy.local.readiness import Readiness
from deploy.local.replicas import Scale, make_replicas
from deploy.local.signals import stop_on_signals
from deploy.local.supervision import Supervisor
from deploy.local.system import System
from minitwit.postgres.roles import OWNER

# Longer than any program may take to stop (Program.stop_seconds).
_STOP_SECONDS = 60

_RUNS_ALREADY = (
    "MiniTwit runs here already (process {}): change it with `make scale`, or stop it "
    "with Ctrl-C in its terminal."
)


def up(paths: Paths, port: int, scale: Scale, durable: bool = True) -> None:
    """Run a system until a signal comes.

    Args:
        paths: of the run's files.
        port: of the callers; 0 takes a free one.
        scale: how many replicas of each function.
        durable: whether a commit waits for the disk.

    Raises:
        LocalRunError: it cannot run, or its supervisor died.

    """
    paths.make_folders()
    with stop_on_signals(), exclusive(paths.lock, _RUNS_ALREADY) as lock:
        if port:
            require_free(port)
        cluster = _prepare(paths, durable)
        with free_ports(2 + 2 * sum(scale.values())) as ports:
            replicas = make_replicas(scale, present=[], ports=ports[2:])
            system = System(port or ports[0], ports[1], tuple(replicas), durable)
            write_configuration(system, paths)
            with _supervisord(paths, lock) as supervisord:
                guard = DiskGuard(cluster, _say)
                _start(paths, cluster, system, supervisord, guard)
                _say(_greeting(paths, system))
                _wait_until_stopped(supervisord, paths.logs / "supervisord.log", guard)


def _prepare(paths: Paths, durable: bool) -> Cluster:
    """Make the database, unless it exists, and begin a new access log."""
    require_room(paths.folder)
    _say("Preparing the database …")
    cluster = cluster_in(paths, durable)
    cluster.create()
    log = paths.logs / "access.log"
    if log.exists():
        # The previous run's is kept, and no older one.
        log.replace(log.with_name(f"{log.name}.1"))
    return cluster


def _start(
    paths: Paths,
    cluster: Cluster,
    system: System,
    supervisord: subprocess.Popen[bytes],
    guard: DiskGuard,
) -> None:
    supervisor = Supervisor(paths.supervisor_socket)
    readiness = Readiness(supervisor, paths.logs, lambda: supervisord.poll() is None)
    _say("Starting PostgreSQL, Traefik and the functions …")
    readiness.until(cluster.is_ready, "postgres")
    # The run before may have ended with a full disk.
    guard.check()
    _migrate(cluster)
    readiness.until_ready(system.replicas)
    readiness.until_routed(system.traefik_port, system.replicas)


def _wait_until_stopped(
    supervisord: subprocess.Popen[bytes], log: Path, guard: DiskGuard
) -> None:
    """Wait until the terminal closes; a signal ends this earlier.

    Raises:
        LocalRunError: supervisord ended by itself.

    """
    # When a terminal closes, only the first process in it gets a signal, which may be
    # a `make` that waits for this one.
    terminal = select.poll()
    if sys.stdin and sys.stdin.isatty():
        terminal.register(sys.stdin, 0)
    while not terminal.poll(1000):
        if supervisord.poll() is not None:
            raise LocalRunError(
                "supervisord ended, and everything with it; the end of "
                f"{log} may say why."
            )
        guard.check()


def _migrate(cluster: Cluster) -> None:
    # A folder that 0.1.0 made has an owner without this right.
    with cluster.superuser_connection() as connection:
        connection.run(f"ALTER ROLE {OWNER} CREATEROLE")
    migration = subprocess.run(  # noqa: S603 (our own command)
        minitwit_commands.command(["migrate", "--new-installation"]),
        env=minitwit_commands.environment(cluster),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    if migration.returncode != 0:
        raise LocalRunError(f"`minitwit migrate` failed: {migration.stderr.strip()}")


@contextmanager
def _supervisord(paths: Paths, lock: int) -> Iterator[subprocess.Popen[bytes]]:
    with (paths.logs / "supervisord.log").open("ab") as log:
        # In a session of its own, so that neither Ctrl-C nor a closed terminal signals
        # the programs directly: they are stopped in order.
        supervisord = subprocess.Popen(  # noqa: S603 (our own command)
            supervision.command(paths.supervisor_configuration),
            cwd=paths.folder,
            env=function_environment(paths),
            start_new_session=True,
            pass_fds=[lock],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield supervisord
    finally:
        _stop(supervisord, Supervisor(paths.supervisor_socket))
        # It may be in /tmp, where nothing else deletes it.
        shutil.rmtree(paths.sockets, ignore_errors=True)


def _stop(supervisord: subprocess.Popen[bytes], supervisor: Supervisor) -> None:
    _say("Stopping …")
    # Traefik first, then all functions at once: supervisord keeps the order by itself
    # but stops one program after the other.
    names = supervisor.pids().keys()
    for name in sorted(names - {"postgres"}, key=lambda name: name != "traefik"):
        supervisor.stop(name, wait=name == "traefik")
    supervisord.terminate()
    deadline = time.monotonic() + _STOP_SECONDS
    while supervisord.poll() is None:
        if time.monotonic() > deadline:
            # The kernel then signals the programs (--pdeathsig).
            supervisord.kill()
        # A call wakes it; otherwise it polls only once a second.
        supervisor.is_running()
        time.sleep(0.02)


def _greeting(paths: Paths, system: System) -> str:
    names = ", ".join(replica.name for replica in system.replicas)
    return (
        f"\nMiniTwit runs at {system.url}\n\n"
        f"  functions  {names}\n"
        f"  data       {paths.data}\n"
        f"  logs       {paths.logs}\n\n"
        "Ctrl-C stops it; the data stays."
    )


def _say(text: str) -> None:
    try:
        print(text, flush=True)
    except OSError:
        # The terminal has closed, which must not interrupt the shutdown.
        sys.stdout = open(os.devnull, "w")
