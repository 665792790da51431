"""promtool: every alert fires when it should and is silent when it should be."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.tools.programs import program
from tests.tools.rules_files import RULE_FILES, alerts

CASES = sorted((Path(__file__).parent / "rules").glob("*.yml"))


def test_promtool_accepts_the_rules() -> None:
    check = [program("promtool"), "check", "rules", *map(str, RULE_FILES)]
    result = subprocess.run(check, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("cases", CASES, ids=lambda path: path.stem)
def test_promtool_finds_that_alerts_fire_and_are_silent(cases: Path) -> None:
    result = subprocess.run(
        [program("promtool"), "test", "rules", cases.name],
        cwd=cases.parent,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("verb", ["fires?", "(is|are) silent"])
def test_every_alert_has_a_case_in_which_it(verb: str) -> None:
    names = [
        case["name"]
        for file in CASES
        for case in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]
    ]
    untested = {
        alert
        for alert in alerts()
        if not any(re.search(rf"\b{alert}\b.* {verb}\b", name) for name in names)
    }
    # The dead man's switch is never silent: that is its purpose.
    assert untested <= {"Watchdog"}
