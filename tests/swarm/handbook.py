"""The commands of docs/operations.md, taken from the page as they stand."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PAGE = ROOT / "docs" / "operations.md"
_SECTION = re.compile(r"^## (?P<heading>.+?)$(?P<text>.*?)(?=^## |\Z)", re.M | re.S)
_COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)


def commands(heading: str) -> str:
    """Return the commands that stand under a heading, in their order."""
    for section in _SECTION.finditer(_PAGE.read_text(encoding="utf-8")):
        if section["heading"] == heading:
            return "".join(_COMMANDS.findall(section["text"]))
    raise KeyError(f"{_PAGE.name} has no section {heading!r}")
