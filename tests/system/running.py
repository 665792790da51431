"""Starts a whole system of the test's own and observes it from outside.

Nothing here imports MiniTwit: the system is observed by its files, its processes
and its responses.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.waiting import wait_until

CHECKOUT = Path(__file__).resolve().parents[2]

# Tests sign in and up much more often than one address may, and all at once.
NO_LIMITS = {
    "MINITWIT_SIGN_INS_PER_MINUTE": "0",
    "MINITWIT_SIGN_UPS_PER_MINUTE": "0",
}

SIMULATOR_ADDRESS = "127.9.9.9"


@dataclass(frozen=True)
class RunningSystem:
    """A system that `make up` would run, in a folder of its own."""

    folder: Path
    launcher: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """The address for callers, without a slash at the end."""
        return f"http://localhost:{self._state['port']}"

    @property
    def url_of_new_traces(self) -> str:
        """The address where a request's own trace is continued, as Traefik uses it."""
        return f"http://127.0.0.2:{self._state['port']}"

    @property
    def replicas(self) -> list[dict[str, Any]]:
        """The replicas: function, number, port, operator_port."""
        replicas: list[dict[str, Any]] = self._state["replicas"]
        return replicas

    @property
    def traefik_port(self) -> int:
        """Where Traefik answers operators."""
        return int(self._state["traefik_port"])

    @property
    def log(self) -> str:
        """What the launcher has printed."""
        return (self.folder / "launcher.log").read_text(encoding="utf-8")

    @property
    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(
            (self.folder / "run/system.json").read_text()
        )
        return state

    def processes(self) -> list[psutil.Process]:
        """Return every process that the launcher has brought about."""
        return psutil.Process(self.launcher.pid).children(recursive=True)

    def process(self, name: str) -> psutil.Process:
        """Return the process of a program, such as "postgres" or "timeline-1"."""
        return psutil.Process(self.pids(name)[0])

    def pids(self, *names: str) -> list[int]:
        """Return the process ids of programs."""
        return [int(pid) for pid in self.supervisorctl("pid", *names).split()]

    def is_up(self, name: str) -> bool:
        """Say whether a program has run for a moment, and not just been started."""
        return "RUNNING" in self.supervisorctl("status", name)

    def supervisorctl(self, *arguments: str) -> str:
        """Ask supervisord what an operator would ask it."""
        configuration = self.folder / "run" / "supervisord.conf"
        program = [sys.executable, "-m", "supervisor.supervisorctl"]
        return subprocess.run(
            [*program, "-c", configuration, *arguments],
            capture_output=True,
            text=True,
        ).stdout

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the local run's commands on this system."""
        command, *rest = arguments
        return local_run(command, "--folder", str(self.folder), *rest)


def local_run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m deploy.local` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "deploy.local", *arguments],
        cwd=CHECKOUT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


@contextmanager
def running_system(
    folder: Path,
    *options: str,
    run_as: Sequence[str] = (),
    terminal: int = subprocess.DEVNULL,
    environment: Mapping[str, str] = NO_LIMITS,
    checkout: Path = CHECKOUT,
    python: Path | str = sys.executable,
) -> Iterator[RunningSystem]:
    """Start a system on free ports, wait until it answers, and stop it at the end."""
    # -E, as in the Makefile: the caller's PYTHON* variables are not for the launcher.
    up = [str(python), "-E", "-m", "deploy.local", "up"]
    command = [*up, "--folder", str(folder)]
    with (folder / "launcher.log").open("wb") as log:
        launcher = subprocess.Popen(
            [*run_as, *command, "--port=0", "--no-fsync", "--with-parent", *options],
            cwd=checkout,
            stdin=terminal,
            stdout=log,
            stderr=log,
            env=os.environ | environment,
        )
    system = RunningSystem(folder, launcher)
    try:
        wait_until(lambda: "runs at" in system.log or launcher.poll() is not None)
        assert launcher.poll() is None, system.log
        yield system
    finally:
        launcher.send_signal(signal.SIGTERM)
        launcher.wait()


def is_root() -> bool:
    """Say whether the tests run as root."""
    return os.geteuid() == 0
