"""Every row of the contract, and the shipped scenario, through the Swarm's edge."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.callers import Callers
from tests.contract.rows import CONTRACT
from tests.swarm.handbook import ROOT
from tests.swarm.installation import Installation
from tests.swarm.shell import run

SHARED_ROWS = CONTRACT


@pytest.fixture(scope="module")
def minitwit(swarm: Installation) -> Iterator[Callers]:
    """Return callers of the MiniTwit on the Swarm."""
    callers = Callers(swarm.url)
    yield callers
    callers.close()


def test_the_shipped_scenario_is_replayed_without_a_failure(
    swarm: Installation,
) -> None:
    """The simulator's actions, two at a time; 99 of 100 within its 0.3 s.

    It is patient with the rest: here all of production shares two cores.
    """
    minitwit = Path(sys.executable).with_name("minitwit")
    scenario = ROOT / "tests" / "scenarios" / "small.tsv"
    printed = run(
        *(minitwit, "simulate", scenario, "--url", swarm.url),
        *("--concurrency", "2", "--timeout", "5"),
    )
    row = next(line for line in printed.splitlines() if " all " in line)
    _, actions, _, _, failed, *times = re.findall(r"[\w.,]+", row)
    swarm.measured(
        f"the shipped scenario: {actions} actions, {failed} failed, "
        f"ms: p50 {times[0]} p95 {times[1]} p99 {times[2]}"
    )
    assert failed == "0"
    assert float(times[2]) <= 300
