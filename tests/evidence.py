"""What a page names as evidence, and whether it is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"


def named(text: str) -> list[str]:
    """Return the tests, files and commands of make or minitwit that a text names."""
    spans = re.findall(r"`((?:make |minitwit )?[\w./-]+(?:::\w+)?)`", text)
    return [s for s in spans if re.search(r"^(make|minitwit) |[/.]|::", s)]


def exists(name: str) -> bool:
    """Return whether a test, a file or a command of make or minitwit is there."""
    path, _, test = name.partition("::")
    if test:
        return f"def {test}(" in (TESTS / path).read_text(encoding="utf-8")
    if name.startswith("make "):
        return f"\n{name[5:]}:" in (ROOT / "Makefile").read_text(encoding="utf-8")
    if name.startswith("minitwit "):
        command = name[9:].replace("-", "_")
        return (ROOT / f"lib/minitwit_cli/commands/{command}.py").exists()
    return any((folder / path).exists() for folder in (ROOT, TESTS))
