"""Finds Chromium, and installs axe and Lighthouse.

Tests whose tool is missing are skipped, or fail with MINITWIT_TEST_REQUIRE=all.
"""

import fcntl
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

_HERE = Path(__file__).parent

# Chromium must load nothing of its own accord, and runs as root in CI.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def missing(what: str, remedy: str) -> NoReturn:
    """Skip the test, or fail it where everything has to be there."""
    if os.environ.get("MINITWIT_TEST_REQUIRE") == "all":
        pytest.fail(f"{what} is missing: {remedy}.", pytrace=False)
    pytest.skip(f"{what} is missing: {remedy}")


def chromium() -> str:
    """Return Debian's Chromium."""
    return shutil.which("chromium") or missing(
        "Chromium", "install the package chromium"
    )


def node_modules() -> Path:
    """Return where the packages from npm are, after installing what the lock says."""
    if shutil.which("npm") is None:
        missing("npm", "install Node.js with npm")
    _install_packages()
    return _HERE / "node_modules"


@cache
def _install_packages() -> None:
    installed_for = _HERE / "node_modules" / ".installed-for"
    with (_HERE / "package-lock.json").open("rb") as file:
        # The other processes that run tests wait for the first one to have installed.
        fcntl.flock(file, fcntl.LOCK_EX)
        lock = file.read()
        if installed_for.exists() and installed_for.read_bytes() == lock:
            return
        result = subprocess.run(
            ["npm", "ci", "--no-progress"], cwd=_HERE, capture_output=True, text=True
        )
        assert result.returncode == 0, f"npm ci failed:\n{result.stderr}"
        installed_for.write_bytes(lock)
