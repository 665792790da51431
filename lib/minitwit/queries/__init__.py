"""Named SQL statements, read from the .sql files of this folder.

Each begins with `-- name: <name>` and a comment that describes it. `-- functions: …`
lists the functions that run it, or `all`; without that line, only operators' commands
do. A function's database role may do what these statements need, and nothing else.
"""

import re
from functools import cache
from importlib import resources

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_FUNCTIONS = re.compile(r"^-- functions: (.+)$", re.MULTILINE)


@cache
def statements() -> dict[str, str]:
    """Return each statement by its name."""
    return {name: _statement(part) for name, part in _parts().items()}


def functions_of(name: str) -> frozenset[str]:
    """Return the functions that run a statement; {"all"} for one that all run."""
    listed = _FUNCTIONS.search(_parts()[name])
    return frozenset(listed[1].split(", ")) if listed else frozenset()


@cache
def _parts() -> dict[str, str]:
    found: dict[str, str] = {}
    for file in resources.files(__name__).iterdir():
        if file.name.endswith(".sql"):
            _, *parts = _NAME.split(file.read_text(encoding="utf-8"))
            found |= zip(parts[::2], parts[1::2], strict=True)
    return found


def _statement(part: str) -> str:
    """Drop the comments: pg8000 would parse a colon in them as a parameter."""
    lines = (line for line in part.splitlines() if not line.lstrip().startswith("--"))
    return "\n".join(lines).strip().rstrip(";")
