"""Named SQL statements, read from the .sql files of this folder.

Each begins with `-- name: <name>` and a comment that describes it.
"""

import re
from functools import cache
from importlib import resources

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def statements() -> dict[str, str]:
    """Return each statement by its name."""
    found: dict[str, str] = {}
    for file in resources.files(__name__).iterdir():
        if file.name.endswith(".sql"):
            found |= _parse(file.read_text(encoding="utf-8"))
    return found


def _parse(text: str) -> dict[str, str]:
    _, *parts = _NAME.split(text)
    return dict(zip(parts[::2], map(_statement, parts[1::2]), strict=True))


def _statement(part: str) -> str:
    """Drop the comments: pg8000 would parse a colon in them as a parameter."""
    lines = (line for line in part.splitlines() if not line.lstrip().startswith("--"))
    return "\n".join(lines).strip().rstrip(";")
