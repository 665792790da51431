"""`make swarm` runs all of it on one engine, and `make swarm-down` removes it."""

import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.swarm.handbook import ROOT
from tests.swarm.installation import Installation
from tests.swarm.nodes import Node
from tests.swarm.outside import DOMAIN
from tests.swarm.shell import CommandFailed, run

ACTIONS = 500  # of the shipped scenario
Make = Callable[..., str]
# What an engine has, by kind.
THINGS = {
    "container": ("ps", "--all", "--quiet"),
    "volume": ("volume", "ls", "--quiet"),
    "network": ("network", "ls", "--format", "{{.Name}}"),
    "Swarm": ("info", "--format", "{{.Swarm.LocalNodeState}}"),
}
PROTECTED = {
    "kibana": "/api/status",
    "prometheus": "/-/ready",
    "alertmanager": "/-/ready",
}


@pytest.fixture
def make(swarm: Installation, tmp_path: Path) -> Iterator[Make]:
    """Return what runs a target of the Makefile on an engine that has nothing."""
    laptop = swarm.laptop
    scenario = tmp_path / "scenario.tsv"
    lines = (ROOT / "tests" / "scenarios" / "small.tsv").read_bytes().split(b"\n")
    scenario.write_bytes(b"\n".join(lines[:ACTIONS]))
    environment = {
        **os.environ,
        "DOCKER_HOST": laptop.docker.host,
        "MINITWIT_URL": f"http://{laptop.address}",
        "TOOLS_DOMAIN": DOMAIN,
        "MINITWIT_REGISTRY": swarm.registry,
        "VERSION": swarm.versions.first,
        "SCENARIO": str(scenario),
    }
    laptop.start()
    yield lambda *words: run(
        "make", "--directory", ROOT, *words, environment=environment, timeout=600
    )
    laptop.pull_the_plug()


def test_one_engine_runs_everything_until_it_is_removed(
    swarm: Installation, make: Make
) -> None:
    """The site has a scenario's messages, each tool answers, a dot has its trace."""
    laptop = swarm.laptop
    before = {kind: laptop.docker(*words) for kind, words in THINGS.items()}
    start = time.monotonic()
    printed = make("swarm")
    up = time.monotonic()
    found = re.search(r"^  Grafana  .* admin, (\w+)$", printed, re.MULTILINE)
    assert found, printed
    password = found[1]
    site = f"http://{laptop.address}"
    assert httpx.get(f"{site}/latest", trust_env=False).json()["latest"] > ACTIONS / 2
    assert httpx.get(f"{site}/public", trust_env=False).status_code == 200
    assert _ask(laptop, "grafana", "/api/health") == 200
    for tool, path in PROTECTED.items():
        assert _ask(laptop, tool, path) == 401
        assert _ask(laptop, tool, path, password) == 200
    with pytest.raises(CommandFailed, match="is in a Swarm already"):
        make("swarm")
    make("swarm-check", "STEPS=trace")
    checked = time.monotonic()
    make("swarm-down")
    assert {kind: laptop.docker(*words) for kind, words in THINGS.items()} == before
    with pytest.raises(CommandFailed, match="nothing to remove"):
        make("swarm-down")
    swarm.measured(
        f"make swarm, without building: {up - start:.0f} s, its check "
        f"{checked - up:.0f} s, make swarm-down {time.monotonic() - checked:.0f} s"
    )


def _ask(laptop: Node, tool: str, path: str, password: str = "") -> int:
    with httpx.Client(verify=False, trust_env=False) as client:  # noqa: S501
        answer = client.get(
            f"https://{laptop.address}{path}",
            headers={"Host": f"{tool}.{DOMAIN}"},
            auth=("operator", password) if password else None,
        )
    return answer.status_code
