"""Signals: the first ends the run in order, later ones change nothing."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import signal, sys, time
from deploy.local.signals import stop_on_signals
with stop_on_signals():
    try:
        print("runs", flush=True)
        time.sleep(60)
    finally:
        print("tidies", flush=True)
        sys.stdin.readline()
        print("has tidied", flush=True)
"""


def program(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*words, sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_a_run_and_a_second_one_does_not_disturb_its_end(
    name: str,
) -> None:
    with program() as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "runs\n"
        running.send_signal(signal.Signals[name])
        assert running.stdout.readline() == "tidies\n"
        running.send_signal(signal.Signals[name])
        rest, _ = running.communicate("\n")
    assert rest == "has tidied\n"
    assert running.returncode == 0


def test_a_run_under_nohup_goes_on_ignoring_the_hang_up() -> None:
    with program("nohup") as running:
        assert running.stdout is not None
        assert "runs\n" in iter(running.stdout.readline, "")
        assert signal.SIGHUP in ignored_signals(running.pid)
        running.terminate()
        running.communicate("\n")
    assert running.returncode == 0


def ignored_signals(pid: int) -> set[int]:
    status = Path(f"/proc/{pid}/status").read_text()
    mask = int(status.split("SigIgn:")[1].split()[0], 16)
    return {number for number in range(1, 65) if mask >> (number - 1) & 1}
