"""The shipped scenario, replayed as the simulator would, sixteen actions at a time."""

import subprocess
import sys
from pathlib import Path

from tests.system.running import RunningSystem

SCENARIO = Path(__file__).parents[1] / "scenarios" / "small.tsv"


# contract: S10
def test_every_action_of_the_shipped_scenario_succeeds_within_the_limits(
    limited_system: RunningSystem,
) -> None:
    # A busy machine shall not turn this red.
    minitwit = Path(sys.executable).with_name("minitwit")
    options = ("--url", limited_system.url, "--concurrency", "16", "--timeout", "10")
    replay = subprocess.run(
        (minitwit, "simulate", SCENARIO, *options), capture_output=True, text=True
    )
    assert replay.returncode == 0, replay.stdout + replay.stderr
    assert "5,200 actions" in replay.stdout
