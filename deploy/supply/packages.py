"""The Python packages that an image installs, from its lock and their own metadata."""

import re
from dataclasses import dataclass
from functools import cache
from importlib.metadata import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]

_CLI = ROOT / "deploy/requirements-cli.txt"

# The locks of each image that we build. That of PostgreSQL has the command line, too.
LOCKS = {
    "functions": (ROOT / "deploy/requirements.txt",),
    "cli": (_CLI,),
    "postgres": (ROOT / "deploy/requirements-data.txt", _CLI),
}

_PACKAGE = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>\S+)[^\n]*(?P<rest>(?:\n +--hash=[^\n]+)+)", re.M
)
_HASH = re.compile(r"sha256:([0-9a-f]{64})")

# SPDX names for what packages without a License-Expression (PEP 639) write instead.
_SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache License 2.0": "Apache-2.0",
    "BSD-3": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "The MIT License": "MIT",
}
_CLASSIFIER = "License :: OSI Approved :: "


@dataclass(frozen=True)
class Package:
    """A locked package.

    Attributes:
        name: as the lock has it.
        version: that is installed.
        hashes: SHA-256 of each file that the lock accepts.

    """

    name: str
    version: str
    hashes: tuple[str, ...]

    @property
    def license(self) -> str:
        """The license as an SPDX expression, or what the package says instead."""
        return _license(self.name)


def packages_of(lock: Path) -> list[Package]:
    """Return the packages of a lock file, by name."""
    return [
        Package(found["name"], found["version"], tuple(_HASH.findall(found["rest"])))
        for found in _PACKAGE.finditer(lock.read_text(encoding="utf-8"))
    ]


def packages_in(image: str) -> list[Package]:
    """Return the packages of an image, by name."""
    found = {package for lock in LOCKS[image] for package in packages_of(lock)}
    return sorted(found, key=lambda package: (package.name, package.version))


@cache
def _license(name: str) -> str:
    said = metadata(name)
    if "License-Expression" in said:
        return said["License-Expression"]
    classifiers = said.get_all("Classifier") or ()
    approved = [c.removeprefix(_CLASSIFIER) for c in classifiers if _CLASSIFIER in c]
    text = said["License"] if "License" in said else " AND ".join(approved)
    return _SPDX.get(text, text)
