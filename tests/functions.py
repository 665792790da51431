"""The list of functions, for tests that import nothing of MiniTwit's."""

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "functions"
FUNCTIONS = tuple(sorted(path.parent.name for path in FOLDER.glob("*/handler.py")))
