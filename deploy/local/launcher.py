"""`up`: starts a system, keeps it until told to stop, and leaves nothing running."""

import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from deploy.local import supervision
from deploy.local.errors import LocalRunError
from deploy.local.layout import Layout
from deploy.local.lock import exclusive
from deploy.local.ports import free_ports, require_free
from deploy.local.postgres import OWNER
from deploy.local.replicas import Scale, make_replicas
from deploy.local.signals import stop_on_signals
from deploy.local.supervision import Supervisor
from deploy.local.system import System, function_environment
from deploy.local.waiting import Waiting

# Longer than any program may take to stop (Program.stop_seconds).
_STOP_SECONDS = 60

_RUNS_ALREADY = (
    "MiniTwit runs here already (process {}): change it with `make scale`, or stop it "
    "with Ctrl-C in its terminal."
)


def up(layout: Layout, port: int, scale: Scale, durable: bool = True) -> None:
    """Run a system until a signal comes.

    Args:
        layout: where it keeps its things.
        port: where callers come in; 0 takes a free one.
        scale: how many replicas of each function.
        durable: whether a commit waits for the disk.

    Raises:
        LocalRunError: it cannot run, or its supervisor died.

    """
    layout.make_folders()
    with stop_on_signals(), exclusive(layout.lock, _RUNS_ALREADY) as lock:
        if port:
            require_free(port)
        _say("Preparing the database …")
        replace(layout.cluster, durable=durable).create()
        _begin_access_log(layout.logs / "access.log")
        with free_ports(2 + 2 * sum(scale.values())) as ports:
            replicas = make_replicas(scale, present=[], ports=ports[2:])
            system = System(port or ports[0], ports[1], tuple(replicas), durable)
            system.save(layout)
            with _supervisord(layout, lock) as supervisord:
                _start(layout, system, supervisord)
                _say(_greeting(layout, system))
                _keep(supervisord, layout.logs / "supervisord.log")


def _start(
    layout: Layout, system: System, supervisord: subprocess.Popen[bytes]
) -> None:
    supervisor = Supervisor(layout.supervisor_socket)
    waiting = Waiting(supervisor, layout.logs, lambda: supervisord.poll() is None)
    _say("Starting PostgreSQL, Traefik and the functions …")
    waiting.until(layout.cluster.is_ready, "postgres")
    _migrate(layout)
    waiting.until_ready(system.replicas)
    waiting.until_routed(system.traefik_port, system.replicas)


def _keep(supervisord: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the terminal is gone; a signal ends this earlier.

    Raises:
        LocalRunError: supervisord ended by itself.

    """
    # Of a terminal that closes, only the first process in it need be told, which may
    # be a `make` that waits for us.
    terminal = select.poll()
    if sys.stdin and sys.stdin.isatty():
        terminal.register(sys.stdin, 0)
    while not terminal.poll(1000):
        if supervisord.poll() is not None:
            raise LocalRunError(
                "supervisord ended, and everything with it; the end of "
                f"{log} may say why."
            )


def _migrate(layout: Layout) -> None:
    cluster = layout.cluster
    migration = subprocess.run(  # noqa: S603 (our own words)
        [Path(sys.prefix) / "bin" / "minitwit", "migrate", "--new-installation"],
        env={
            **os.environ,
            "MINITWIT_DATABASE_URL": cluster.url(OWNER),
            "MINITWIT_DATABASE_PASSWORD_FILE": str(cluster.password_file(OWNER)),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if migration.returncode != 0:
        raise LocalRunError(f"`minitwit migrate` failed: {migration.stderr.strip()}")


@contextmanager
def _supervisord(layout: Layout, lock: int) -> Iterator[subprocess.Popen[bytes]]:
    with (layout.logs / "supervisord.log").open("ab") as log:
        # In a session of its own, so that neither Ctrl-C nor a closed terminal reaches
        # the programs by themselves: they are stopped in order.
        supervisord = subprocess.Popen(  # noqa: S603 (our own words)
            supervision.command(layout.supervisor_configuration),
            cwd=layout.folder,
            env=function_environment(layout),
            start_new_session=True,
            pass_fds=[lock],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield supervisord
    finally:
        _stop(supervisord, Supervisor(layout.supervisor_socket))
        # It may be in /tmp, where nobody else would tidy up.
        shutil.rmtree(layout.sockets, ignore_errors=True)


def _stop(supervisord: subprocess.Popen[bytes], supervisor: Supervisor) -> None:
    _say("Stopping …")
    # The edge first, then all functions at once: by itself supervisord keeps the order
    # but stops one program after the other.
    names = supervisor.pids().keys()
    for name in sorted(names - {"postgres"}, key=lambda name: name != "traefik"):
        supervisor.stop(name, wait=name == "traefik")
    supervisord.terminate()
    deadline = time.monotonic() + _STOP_SECONDS
    while supervisord.poll() is None:
        if time.monotonic() > deadline:
            # The programs are told by the kernel.
            supervisord.kill()
        # Any question wakes it; else it looks round once a second.
        supervisor.is_running()
        time.sleep(0.02)


def _begin_access_log(path: Path) -> None:
    """Keep the previous run's log beside the new one, and no more."""
    if path.exists():
        path.replace(path.with_name(f"{path.name}.1"))


def _greeting(layout: Layout, system: System) -> str:
    names = ", ".join(replica.name for replica in system.replicas)
    return (
        f"\nMiniTwit runs at {system.url}\n\n"
        f"  functions  {names}\n"
        f"  data       {layout.cluster.data}\n"
        f"  logs       {layout.logs}\n\n"
        "Ctrl-C stops it; the data stays."
    )


def _say(text: str) -> None:
    try:
        print(text, flush=True)
    except OSError:
        # The terminal is gone, and that is no reason to stop half-way.
        sys.stdout = open(os.devnull, "w")
