"""The programs that these tests run: found, or the test says what to install."""

import os
import shutil

import pytest

_PACKAGES = {
    "amtool": "prometheus-alertmanager",
    "go": "golang-go",
    "prometheus": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "prometheus-node-exporter": "prometheus-node-exporter",
    "prometheus-postgres-exporter": "prometheus-postgres-exporter",
    "promtool": "prometheus",
}


def program(name: str) -> str:
    """Return a program's path; without it, skip the test or fail it in CI."""
    if path := shutil.which(name):
        return path
    reason = f"{name} is missing: apt-get install {_PACKAGES[name]}"
    required = os.environ.get("MINITWIT_TEST_REQUIRE", "").split(",")
    if {"all", "tools"}.intersection(required):
        pytest.fail(reason)
    pytest.skip(reason)
