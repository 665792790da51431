"""deploy/minitwit.sh, with an engine that only writes down what it is told."""

import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "deploy/minitwit.sh"

# The task of an earlier command has the state in `before`; the new one has those in
# `states`, one after another, and the label that it was given, or another from `run`.
DOCKER = r"""#!/bin/bash
cd "$(dirname "$0")" || exit
case "$*" in
    "service update "*)
        printf '%s\n' "$@" > update ;;
    "service ps "*) [ -e update ] && echo new; echo old ;;
    *State*old) cat before ;;
    *State*new) head -n 1 states; sed -i '1{$!d}' states ;;
    *Labels*) [ -e run ] && cat run || sed -n 's/^run=//p' update ;;
    "service logs "*) echo the output ;;
esac
"""


@dataclass(frozen=True)
class Engine:
    """A folder with the program `docker`."""

    folder: Path

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the script."""
        path = f"{self.folder}:{os.environ['PATH']}"
        return subprocess.run(
            [SCRIPT, *words],
            env={"PATH": path, "MINITWIT_REGISTRY": "registry", **variables},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def told(self) -> list[str]:
        """Return the words of `docker service update`."""
        return (self.folder / "update").read_text().splitlines()


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Return an engine whose commands run and succeed."""
    docker = tmp_path / "docker"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    # Seconds need not pass.
    sleep = tmp_path / "sleep"
    sleep.write_text("#!/bin/sh\n")
    sleep.chmod(0o755)
    (tmp_path / "before").write_text("complete\n")
    (tmp_path / "states").write_text("preparing\nrunning\nrunning\ncomplete\n")
    return Engine(tmp_path)


@pytest.mark.parametrize(
    "name", ["alice", "ali''ce", "O'Brien", "a b", "a' 'b", "x&y", "\\", "$HOME", ""]
)
def test_a_command_gets_the_words_that_were_typed(engine: Engine, name: str) -> None:
    """Docker divides them as a shell does: another name would be another account."""
    done = engine.run("1.4.0", "suspend", name)
    assert (done.returncode, done.stdout) == (0, "the output\n")
    told = engine.told()
    assert shlex.split(told[told.index("--args") + 1]) == ["minitwit", "suspend", name]
    assert "registry/minitwit-cli:1.4.0" in told


def test_a_command_runs_on_the_installation_that_is_meant(engine: Engine) -> None:
    done = engine.run("1.4.0", "migrate", MINITWIT_INSTALLATION="an-id")
    assert done.returncode == 0
    told = engine.told()
    assert told[told.index("--env-add") + 1] == "MINITWIT_INSTALLATION=an-id"


def test_a_command_runs_on_any_installation_if_none_is_meant(engine: Engine) -> None:
    assert engine.run("1.4.0", "migrate").returncode == 0
    assert "--env-add" not in engine.told()


@pytest.mark.parametrize("state", ["failed", "rejected"])
def test_a_command_that_fails_is_reported_with_its_output(
    engine: Engine, state: str
) -> None:
    (engine.folder / "states").write_text(f"running\n{state}\n")
    done = engine.run("1.4.0", "suspend", "ada")
    assert done.returncode == 1
    assert "the output" in done.stderr
    assert "minitwit suspend ada failed" in done.stderr


def test_a_command_is_not_begun_while_another_one_runs(engine: Engine) -> None:
    """Swarm would stop the other one: it may be a migration."""
    (engine.folder / "before").write_text("running\n")
    done = engine.run("1.4.0", "status")
    assert done.returncode == 1
    assert "Another command is running" in done.stderr
    assert not (engine.folder / "update").exists()


def test_a_command_does_not_take_the_result_of_another_for_its_own(
    engine: Engine,
) -> None:
    (engine.folder / "run").write_text("another\n")
    done = engine.run("1.4.0", "migrate")
    assert done.returncode == 1
    assert "Another command has replaced this one" in done.stderr
