"""A server counts as stopped when Swarm says so, and not when Swarm says nothing."""

import os
import subprocess
from pathlib import Path

import pytest

JOB = Path(__file__).parents[2] / "deploy" / "data" / "job.sh"

# Answers as a manager would: what FAKE_* say, and nothing to anything else.
DOCKER = """#!/bin/sh
case "$1 $2" in
    "service ps") printf '%s' "$FAKE_TASKS"; exit "$FAKE_STATUS" ;;
    "node inspect") echo "$FAKE_NODE" ;;
esac
"""


@pytest.mark.parametrize(
    ("tasks", "status", "node", "stopped"),
    [
        ("", "0", "ready", True),
        ("one Shutdown 5 seconds ago\n", "0", "ready", True),
        ("one Running 2 days ago\n", "0", "ready", False),
        ("one Running 2 days ago\n", "0", "down", True),
        ("one Running 2 days ago\n", "0", "", False),
        ("", "1", "ready", False),
    ],
)
def test_a_server_is_stopped(
    tmp_path: Path, tasks: str, status: str, node: str, stopped: bool
) -> None:
    docker = tmp_path / "docker"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "FAKE_TASKS": tasks,
        "FAKE_STATUS": status,
        "FAKE_NODE": node,
    }
    script = '. "$0" && { is_stopped postgres && echo stopped || echo runs; }'
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script, JOB],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == ("stopped\n" if stopped else "runs\n")
