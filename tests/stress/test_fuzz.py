"""Fuzzing: bytes to the functions and through the edge, and the API's description.

The seed is fixed, so that a red run is red again; MINITWIT_TEST_FUZZ_SEED is another.
What is found is kept in fuzz_corpus.txt, which every run sends first.
"""

import ast
import asyncio
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from tests.stress.fuzzer import Conversation, Findings, Generator, fuzz
from tests.system.running import CHECKOUT, RunningSystem

SEED = int(os.environ.get("MINITWIT_TEST_FUZZ_SEED", "21"))
CORPUS = Path(__file__).with_name("fuzz_corpus.txt")

# Paths of GET, paths of POST, and how many conversations (of five requests).
TARGETS = {
    "register": (["/logout", "/account/export"], ["/register"], 1600),
    "messages": (["/latest", "/msgs", "/msgs/{user}"], ["/msgs/{user}"], 1800),
    "follow": (["/fllws/{user}"], ["/fllws/{user}"], 1800),
    "timeline": (["/public", "/people", "/{user}", "/openapi.json"], [], 1800),
    "edge": (
        ["/latest", "/msgs/{user}", "/fllws/{user}", "/public", "/people", "/{user}"],
        ["/msgs/{user}", "/fllws/{user}", "/register"],
        2600,
    ),
}
# A function answers 503 where another one serves a method of the path.
OTHER_FUNCTION = {503}
# What Traefik itself answers to a coding, a version or a body that is none.
EDGES_OWN = {500, 501, 502, 505}

# MiB by which a process may grow; Traefik's garbage collector lets it grow by itself.
GROWTH = {"function": 6, "traefik": 100}


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Return a function that prints a figure, also of a test that passes."""

    def shown(figure: str) -> None:
        with capsys.disabled():
            print(f"\n{figure}", end="")

    return shown


@pytest.fixture(scope="module")
def user(system: RunningSystem) -> str:
    """Return the name of a user who exists."""
    name = f"fuzz{uuid.uuid4().hex[:8]}"
    body = {"username": name, "email": "a@b.c", "pwd": "secret"}
    assert httpx.post(f"{system.url}/register", json=body).status_code == 204
    return name


def programs(system: RunningSystem) -> dict[str, list[psutil.Process]]:
    """Return the processes of each replica and of Traefik."""
    replicas = [f"{r['function']}-{r['number']}" for r in system.replicas]
    firsts = {name: system.process(name) for name in [*replicas, "traefik"]}
    return {name: [p, *p.children(recursive=True)] for name, p in firsts.items()}


def pids(system: RunningSystem) -> dict[str, list[int]]:
    """Return the process ids of each replica and of Traefik."""
    return {name: [p.pid for p in found] for name, found in programs(system).items()}


def memory(system: RunningSystem) -> dict[str, float]:
    """Return the memory (MiB) of each replica and of Traefik."""
    return {
        name: sum(p.memory_info().rss for p in found) / 2**20
        for name, found in programs(system).items()
    }


def failures(system: RunningSystem) -> dict[str, float]:
    """Return how many 5xx each replica has answered, by its own count, 503 apart."""
    return {
        f"{replica['function']} {is_503}": sum(
            float(count)
            for status, count in re.findall(
                r'_seconds_count{.*status="(5\d\d)".*} (\S+)',
                httpx.get(f"http://localhost:{replica['operator_port']}/metrics").text,
            )
            if (status == "503") == is_503
        )
        for replica in system.replicas
        for is_503 in (False, True)
    }


def complaints(system: RunningSystem) -> list[str]:
    """Return what the functions have logged about failures of their own."""
    return [
        line
        for file in (system.folder / "logs").glob("*-[0-9].log")
        for line in file.read_text("utf-8", "replace").splitlines()
        if '"level": "ERROR"' in line or "storage unavailable" in line
    ]


@contextmanager
def unharmed(
    system: RunningSystem, is_direct: bool, show: Callable[[str], None]
) -> Iterator[None]:
    """Check that no process dies or grows, and that none fails by its own account."""
    processes, logged, failed = pids(system), complaints(system), failures(system)
    before = memory(system)
    yield
    after = memory(system)
    growth = {name: after[name] - before[name] for name in before}
    grown = (f"{name} {after[name]:.0f} MiB ({g:+.1f})" for name, g in growth.items())
    show(f"memory: {', '.join(grown)}")
    assert pids(system) == processes
    assert complaints(system) == logged
    for name, count in failures(system).items():
        if not (is_direct and name.endswith("True")):
            assert count == failed[name], name
    for name, mebibytes in growth.items():
        assert mebibytes < GROWTH.get(name, GROWTH["function"]), (name, mebibytes)


def kept(target: str) -> list[Conversation]:
    """Return what was found on a target earlier."""
    lines = [line.partition(" ") for line in CORPUS.read_text("utf-8").splitlines()]
    raws = [ast.literal_eval(raw) for name, _, raw in lines if name == target]
    return [Conversation(raw, (), 1, is_mutated=True) for raw in raws]


def keep(target: str, findings: Findings) -> str:
    """Add what was found to the corpus, and return a message about it."""
    known = CORPUS.read_text("utf-8")
    lines = {f"{target} {raw!r}\n" for _, raw in findings.faults[:3]}
    new = sorted(line for line in lines if line not in known)
    CORPUS.write_text(known + "".join(new), "utf-8")
    found = [(fault, raw[:300]) for fault, raw in findings.faults[:3]]
    return (
        f"{len(findings.faults)} faults (seed {SEED}), kept in {CORPUS.name}: {found}"
    )


def port_of(system: RunningSystem, target: str) -> int:
    """Return the port of the edge, or of a function's first replica."""
    if target == "edge":
        return urlsplit(system.url).port or 80
    return next(int(r["port"]) for r in system.replicas if r["function"] == target)


@pytest.mark.parametrize("target", TARGETS)
def test_mutated_and_pipelined_requests(
    system: RunningSystem, user: str, target: str, show: Callable[[str], None]
) -> None:
    reads, writes, count = TARGETS[target]
    generator = Generator(SEED, user, reads, writes)
    port = port_of(system, target)

    def conversations(number: int) -> Iterator[Conversation]:
        return (generator.conversation() for _ in range(number))

    # The first third fills caches and pools.
    first = asyncio.run(fuzz(port, chain(kept(target), conversations(count // 3))))
    with unharmed(system, target != "edge", show):
        rest = asyncio.run(fuzz(port, conversations(count - count // 3)))
    findings = Findings(
        first.inputs + rest.inputs,
        first.resets + rest.resets,
        first.statuses + rest.statuses,
        first.faults + rest.faults,
    )
    statuses = dict(sorted(findings.statuses.items()))
    show(f"{target}: {findings.inputs} inputs, {findings.resets} resets, {statuses}")
    assert not findings.faults, keep(target, findings)
    allowed = EDGES_OWN if target == "edge" else OTHER_FUNCTION
    assert {status for status in statuses if status >= 500} <= allowed
    # Of conversations that Traefik refuses while the fuzzer still sends.
    assert findings.resets < count / 5
    assert findings.inputs >= 4 * count


def test_answers_are_as_the_description_says(
    system: RunningSystem, tmp_path: Path, show: Callable[[str], None]
) -> None:
    program = Path(sys.prefix) / "bin" / "schemathesis"
    configuration = CHECKOUT / "tests" / "contract" / "schemathesis.toml"
    command = [str(program), "--config-file", str(configuration), "run", "--no-color"]
    # Some inputs of each kind: examples, limits, random ones, and links of requests.
    how = ["--seed", str(SEED), "--max-examples", "25", "--suppress-health-check=all"]
    with unharmed(system, False, show):
        run = subprocess.run(
            [*command, *how, f"{system.url}/openapi.json"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
    show(f"Schemathesis:{''.join(re.findall(r' +[0-9]+ generated.*', run.stdout))}")
    assert run.returncode == 0, run.stdout + run.stderr
    for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert f"\u2705 {phase}" in run.stdout
