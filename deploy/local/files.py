"""Atomic replacement of files that other programs read."""

import os
from pathlib import Path


def write_atomically(path: Path, text: str) -> None:
    """Replace a file; a reader finds the old text or the new one, never a part."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text + "\n", encoding="utf-8")
    draft.rename(path)
