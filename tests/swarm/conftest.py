"""The Swarm that these tests share: two droplets, set up once by the handbook.

Each test starts from a whole installation and leaves one, so their order is free. Only
the chaos comes last: the alerts that it fires are the tools' recent past for minutes.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cloud_config import written
from tests.swarm.disks import mounted_disk
from tests.swarm.handbook import ROOT
from tests.swarm.images import registry, workshop
from tests.swarm.installation import Installation, Versions, install
from tests.swarm.nodes import Lan, Node
from tests.swarm.outside import Outside, outside
from tests.swarm.resolver import resolver
from tests.swarm.shell import run

TOOLS = {
    "dockerd": "docker.io",
    "docker": "docker.io",
    "gcc": "gcc libc6-dev",
    "ip": "iproute2",
    "iptables": "iptables",
    "mkfs.ext4": "e2fsprogs",
    "mmdebstrap": "mmdebstrap",
    "docker-registry": "docker-registry",
    "curl": "curl",
    "go": "golang-go",
    "openssl": "openssl",
    "ssh-keygen": "openssh-client",
}

# What tests/swarm/install-docker brings to a Debian whose own is older.
NEWER_DOCKER = ROOT / ".artifacts" / "docker"
LEAST_DOCKER = 26

# More than so many have one cause, and each would wait for what does not come.
MAX_FAILURES = 10

_figures: list[str] = []
_seen: list[str] = []
_failed: list[str] = []


@pytest.fixture(scope="session")
def swarm() -> Iterator[Installation]:
    """Set up a MiniTwit on two droplets, and take it all down at the end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(NEWER_DOCKER), prepend=os.pathsep)
        yield from _set_up()


def _set_up() -> Iterator[Installation]:
    if reason := _cannot_run():
        if {"all", "swarm"} & set(
            os.environ.get("MINITWIT_TEST_REQUIRE", "").split(",")
        ):
            pytest.fail(reason)
        pytest.skip(reason)
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="minitwit-swarm-", dir="/var/tmp"))
        stack.callback(shutil.rmtree, folder)
        lan = Lan.lay()
        stack.callback(lan.take_up)
        start = time.monotonic()
        external = stack.enter_context(outside(lan.address(254), folder))
        swarm = _build(stack, folder, lan, external)
        swarm.measured(f"images built and nodes up: {time.monotonic() - start:.0f} s")
        try:
            install(swarm)
        except BaseException as error:
            error.add_note(swarm.explain())
            raise
        yield swarm


def _build(stack: ExitStack, folder: Path, lan: Lan, external: Outside) -> Installation:
    port = stack.enter_context(registry(folder))
    # Images of several runs meet in one cache, so each run has versions of its own.
    versions = Versions(f"1.{os.getpid()}")
    with workshop(folder, port) as shop:
        shop.stock_and_build(versions.first)
        shop.build(versions.second)
        shop.spoil(versions.second, versions.sick, messages="MINITWIT_OPERATOR_PORT=9")
        shop.spoil(versions.second, versions.deaf, timeline="MINITWIT_PORT=8002")
    address = f"{lan.address(254)}:{port}"
    daemon = folder / "daemon.json"
    daemon.write_text(written(daemon.name))
    options = (
        *("--registry-mirror", f"http://{address}", "--insecure-registry", address),
        *("--dns", stack.enter_context(resolver(lan.address(254)))),
        *("--config-file", str(daemon)),
    )
    application = Node("application", 1, lan, folder, options)
    tool = Node("tool", 2, lan, folder, options)
    spare = Node("spare", 3, lan, folder, options)
    laptop = Node("laptop", 4, lan, folder, options)
    nodes = (application, tool, spare, laptop)
    for node in nodes:
        stack.enter_context(mounted_disk(node.disk))
        stack.callback(node.pull_the_plug)
    application.start()
    tool.start()
    return Installation(*nodes, f"{address}/minitwit", versions, external, _figures)


def _cannot_run() -> str:
    """Say why no Swarm can be set up here, if so."""
    if os.geteuid():
        return "the Swarm test starts Docker engines, which only root may do"
    missing = {package for tool, package in TOOLS.items() if not shutil.which(tool)}
    if missing:
        return f"the Swarm test needs: apt-get install {' '.join(sorted(missing))}"
    for program in ("dockerd", "docker"):
        version = run(program, "--version")
        if int(version.split()[2].partition(".")[0]) < LEAST_DOCKER:
            return (
                f"the Swarm test needs Docker {LEAST_DOCKER} or newer, this is "
                f"{version.strip()}; for Debian 12 there is tests/swarm/install-docker"
            )
    return ""


@pytest.fixture(autouse=True)
def _whole(swarm: Installation) -> None:
    """Start nothing on an installation that an earlier test left broken."""
    if swarm.broken:
        pytest.fail(f"Not tried: {swarm.broken}", pytrace=False)
    if len(_failed) >= MAX_FAILURES:
        pytest.fail(f"Not tried: {MAX_FAILURES} tests failed before", pytrace=False)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the chaos last, however the others were shuffled."""
    items.sort(key=lambda item: item.path.name == "test_chaos.py")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show, where a test failed, the services that are not whole, and the engines."""
    report = yield
    swarm = getattr(item, "funcargs", {}).get("swarm")
    if swarm is None and report.when == "setup" and report.failed:
        # Six hundred tests that say the same hide what they say.
        if _seen:
            report.longrepr = "The Swarm did not get up: see the first error."
        _seen.append(item.nodeid)
    if report.when == "call" and report.failed and isinstance(swarm, Installation):
        report.sections.append(("services that are not whole", swarm.explain()))
        report.sections.append(("the engines' last words", swarm.engines_words()))
        _failed.append(item.nodeid)
        try:
            swarm.settle()
            swarm.wait_for_site()
        except AssertionError as error:
            swarm.broken = f"{item.nodeid} left the installation broken.\n{error}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured."""
    if _figures:
        terminalreporter.section("measured on the Swarm")
        for figure in _figures:
            terminalreporter.write_line(figure)
