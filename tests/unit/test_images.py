"""A function's image holds what a function imports, and no tool's packages."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.functions import FUNCTIONS

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
COMMAND_LINE = {"click", "httpx", "rich"}

# Fails on an import that the image would fail on.
PROGRAM = """\
import importlib, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {missing}:
            raise ModuleNotFoundError(f"{{name}} is not in the image", name=name)

sys.meta_path.insert(0, Missing())
for module in {modules}:
    importlib.import_module(module)
"""


def locked(file: str) -> set[str]:
    """Return the packages of a lock file."""
    text = (ROOT / "deploy" / file).read_text(encoding="utf-8")
    return set(re.findall(r"^([\w.-]+)==", text, re.MULTILINE))


def outside_the_image() -> list[str]:
    """Return the modules that are installed here and not in a function's image."""
    lock = locked("requirements.txt")
    return sorted(
        module
        for module, owners in packages_distributions().items()
        if not {re.sub(r"[-_.]+", "-", owner).lower() for owner in owners} & lock
        # Ours comes by COPY, from lib/ and functions/.
        and module not in ("minitwit", "functions")
    )


def test_the_lock_of_functions_holds_no_package_of_the_command_line() -> None:
    functions, command_line = locked("requirements.txt"), locked("requirements-cli.txt")
    assert functions < command_line
    assert command_line - functions >= COMMAND_LINE
    assert "lib/minitwit_cli" not in DOCKERFILE
    assert "requirements-cli.txt" not in DOCKERFILE


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_starts_with_the_packages_of_its_image(function: str) -> None:
    modules = [
        f"functions.{function}.handler",
        "minitwit.web.app",
        "minitwit.server.worker",
        "minitwit.telemetry.logs",
        "minitwit.telemetry.span_export",
    ]
    missing = outside_the_image()
    assert {"click", "httpx", "rich", "minitwit_cli", "pytest"} <= set(missing)
    program = PROGRAM.format(missing=missing, modules=modules)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
