"""Commands that the test bed runs: loud when they fail, quiet when they do not."""

import subprocess
from collections.abc import Mapping
from pathlib import Path


class CommandFailed(Exception):
    """A command ended with another code than 0, or not in time."""


def run(
    *command: str | Path,
    environment: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout: float = 300,
) -> str:
    """Run a command and return what it printed, both streams together."""
    words = " ".join(str(word) for word in command)
    try:
        done = subprocess.run(
            [str(word) for word in command],
            input=stdin,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(f"{words}\ntook more than {timeout:.0f} s") from error
    if done.returncode:
        raise CommandFailed(f"{words}\nended with {done.returncode}:\n{done.stdout}")
    return done.stdout


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
        except CommandFailed:
            return False
        return True
