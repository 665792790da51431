"""Commands that the test bed runs: loud when they fail, quiet when they do not."""

import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


class CommandFailed(Exception):
    """A command ended with another code than 0."""


def run(
    *command: str | Path,
    environment: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout: float = 300,
) -> str:
    """Run a command and return what it printed, both streams together."""
    done = subprocess.run(
        [str(word) for word in command],
        input=stdin,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
    )
    if done.returncode:
        words = " ".join(str(word) for word in command)
        raise CommandFailed(f"{words}\nended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def wait_until(
    state: Callable[[], T], what: str | Callable[[], str], seconds: float = 60
) -> T:
    """Return the first true value of `state`, or fail saying what was awaited."""
    deadline = time.monotonic() + seconds
    while not (value := state()):
        if time.monotonic() > deadline:
            text = what if isinstance(what, str) else what()
            raise AssertionError(f"waited {seconds:.0f} s for: {text}")
        time.sleep(0.2)
    return value


class Docker:
    """The docker command line, pointed at one engine."""

    def __init__(self, socket: Path) -> None:
        self.host = f"unix://{socket}"

    def __call__(
        self, *words: str | Path, stdin: str | None = None, timeout: float = 300
    ) -> str:
        """Run `docker --host … words` and return what it printed."""
        command = ("docker", "--host", self.host, *words)
        return run(*command, stdin=stdin, timeout=timeout).strip()

    def answers(self) -> bool:
        """Tell whether the engine is there."""
        try:
            self("version", timeout=10)
        except (CommandFailed, subprocess.TimeoutExpired):
            return False
        return True
