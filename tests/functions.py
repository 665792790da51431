"""The list of functions, for tests that import nothing of MiniTwit's."""

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
FOLDERS = ROOT / "functions"
FUNCTIONS = tuple(sorted(path.parent.name for path in FOLDERS.glob("*/handler.py")))


def probe(function: str) -> tuple[str, int]:
    """Return a path of a function and the status of its answer, as a release asks."""
    stack = yaml.safe_load((ROOT / "stack.yml").read_text(encoding="utf-8"))
    labels = stack["services"][function]["deploy"]["labels"]
    path, status = labels["minitwit.probe"].split()
    return path, int(status)
