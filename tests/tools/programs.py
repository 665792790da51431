"""Finds and runs the programs that these tests need."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

_PACKAGES = {
    "amtool": "prometheus-alertmanager",
    "busybox": "busybox-static",
    "cpio": "cpio",
    "curl": "curl",
    "gcc": "gcc libc6-dev",
    "go": "golang-go",
    "ip": "iproute2",
    "modprobe": "kmod",
    "prometheus": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "prometheus-node-exporter": "prometheus-node-exporter",
    "prometheus-postgres-exporter": "prometheus-postgres-exporter",
    "promtool": "prometheus",
    "qemu-system-x86_64": "qemu-system-x86",
    "wg": "wireguard-tools",
}


def program(name: str) -> str:
    """Return a program's path; without it, skip the test or fail it in CI."""
    if path := shutil.which(name):
        return path
    skip_or_fail(f"{name} is missing: apt-get install {_PACKAGES[name]}")


def skip_or_fail(reason: str) -> NoReturn:
    """Skip the test for want of something, or fail it in CI."""
    required = os.environ.get("MINITWIT_TEST_REQUIRE", "").split(",")
    if {"all", "tools"}.intersection(required):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def running(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends; when that fails, show the log's end."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **(environment or {})},
        )
    try:
        yield process
    except BaseException as error:
        error.add_note(f"{log}:\n{log.read_text(errors='replace')[-2000:]}")
        raise
    finally:
        process.terminate()
        process.wait()
