"""The shipped scenario, replayed as the simulator would, sixteen actions at a time."""

import subprocess
import sys
from pathlib import Path

from tests.system.running import RunningSystem

SCENARIO = Path(__file__).parents[1] / "scenarios" / "small.tsv"


def test_every_action_of_the_shipped_scenario_succeeds(system: RunningSystem) -> None:
    # A busy machine shall not turn this red.
    replay = [Path(sys.executable).with_name("minitwit"), "simulate", SCENARIO]
    options = ["--url", system.url, "--concurrency", "16", "--timeout", "10"]
    told = subprocess.run([*replay, *options], capture_output=True, text=True)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "5,200 actions" in told.stdout
