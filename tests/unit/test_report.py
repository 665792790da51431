"""The report: figures that are still so, evidence that exists, a true picture."""

import re
import subprocess
from typing import Any, NamedTuple

import pytest
import yaml

from tests.evidence import ROOT, exists, named
from tests.functions import FUNCTIONS
from tests.packages import PACKAGES

REPORT = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")


def _section(heading: str) -> str:
    return REPORT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


class Figure(NamedTuple):
    """A row of the table of figures."""

    what: str
    value: str
    command: str


FIGURES = [
    Figure(what, value, command.replace(r"\|", "|"))
    for what, value, command in re.findall(
        r"^\| (.+) \| ([^|]+) \| `([^`]+)` \|$", _section("In figures"), re.M
    )
]


def test_the_table_has_figures() -> None:
    assert len(FIGURES) > 20


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.what)
def test_a_figure_is_what_its_command_says(figure: Figure) -> None:
    if figure.command.startswith("make "):
        assert exists(figure.command)
        return
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", figure.command],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    said = result.stdout.strip()
    if said.isdecimal():
        count = int(figure.value.replace(",", ""))
        assert count == pytest.approx(int(said), rel=0.1), "write the new figure"
    else:
        assert f" {figure.value} |" in said, "the measured value is another"


def test_the_evidence_of_the_report_exists() -> None:
    prose = re.sub(r"^```.*?^```$", "", REPORT, flags=re.M | re.S)
    names = [name for name in named(prose) if not re.search(r"^(v?\d|lib/$)", name)]
    assert names
    assert not [name for name in names if not exists(name)]


@pytest.mark.parametrize(
    "lessons",
    [
        "Lessons: the regrets of the system that we follow",
        "Lessons: what others who ran a MiniTwit report",
    ],
)
def test_each_lesson_names_what_holds_it(lessons: str) -> None:
    rows = re.findall(r"^\| .+ \| (.+) \|$", _section(lessons), re.M)
    assert rows.pop(0) == "Held by"
    assert len(rows) > 10
    assert all(named(row) or re.search(r"\]\(\S+\.md", row) for row in rows)


_STACKS = ("stack.yml", *(f"deploy/{s}/stack.yml" for s in ("edge", "data", "tools")))
_SERVICES: dict[str, dict[str, Any]] = {
    name: service["deploy"]
    for file in _STACKS
    for name, service in yaml.safe_load((ROOT / file).read_text())["services"].items()
}
# By the constraint that places a service there.
_DROPLETS = {
    "node.role == manager": "application droplet",
    "node.labels.role == application": "application droplet",
    "node.labels.database == true": "database droplet",
    "node.labels.standby == true": "standby droplet",
    "node.labels.etcd == 1": "database droplet",
    "node.labels.etcd == 2": "standby droplet",
    "node.labels.etcd == 3": "tool droplet",
    "node.labels.role == ${TOOLS_ROLE:-tool}": "tool droplet",
    "node.platform.os == linux": "every droplet",
}


def test_the_picture_of_the_stacks_has_every_service_on_its_droplet() -> None:
    shown = {
        title: set(re.findall(r"[\w-]+", services))
        for title, services in re.findall(
            r"^    subgraph (.+)\n((?:        .+\n)+)    end$",
            _section("System description"),
            re.M,
        )
    }
    for name, deployed in _SERVICES.items():
        droplet = _DROPLETS[deployed["placement"]["constraints"][-1]]
        assert ("functions" if name in FUNCTIONS else name) in shown[droplet]


def test_what_a_part_needs_is_what_its_stack_reserves_and_allows() -> None:
    rows = re.findall(
        r"^\| `([\w-]+)`[^|]* \| ([^|]+) \| ([^|]+) \|.*\|$",
        _section("The stack, and why"),
        re.M,
    )
    assert len(rows) > 5
    for name, *shown in rows:
        resources = _SERVICES[name]["resources"]
        amounts = [resources["reservations"], resources["limits"]]
        assert shown == list(map(_written, amounts)), name


def _written(amount: dict[str, Any]) -> str:
    """Return CPUs, if they are limited, and memory as the report writes them."""
    memory = amount["memory"]
    cpus = f"{float(amount['cpus']):g} CPU, " if "cpus" in amount else ""
    return f"{cpus}{memory[:-1]} {memory[-1]}B"


def test_the_picture_of_imports_has_every_package() -> None:
    picture = re.search(r"```mermaid\nflowchart TD\n(.*?)```", REPORT, re.S)
    assert picture
    words = set(re.findall(r"\w+", picture[1]))
    packages = {package.rpartition(".")[2] for package in PACKAGES} - {"minitwit_cli"}
    assert packages <= words
