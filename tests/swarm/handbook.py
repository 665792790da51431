"""The commands of the handbook, taken from its pages as they stand."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_DOCS = ROOT / "docs"
_SECTION = re.compile(r"^## (?P<heading>.+?)$(?P<text>.*?)(?=^## |\Z)", re.M | re.S)
_COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)


def commands(heading: str, page: str = "operations.md") -> str:
    """Return the commands that stand under a heading of a page, in their order."""
    for section in _SECTION.finditer((_DOCS / page).read_text(encoding="utf-8")):
        if section["heading"] == heading:
            return "".join(_COMMANDS.findall(section["text"]))
    raise KeyError(f"{page} has no section {heading!r}")
