"""Modules of tests that every MiniTwit passes, a new one or a used one."""

from importlib import import_module
from pathlib import Path

# These need a MiniTwit that has never been used.
_FRESH = ("fresh",)

CONTRACT = tuple(
    import_module(f"tests.contract.{path.stem}")
    for path in sorted(Path(__file__).parent.glob("*.py"))
    if path.stem not in _FRESH and "\ndef test_" in path.read_text("utf-8")
)
