"""Generated secrets in files that only their owner can read."""

import os
import secrets
from pathlib import Path


def secret_file(folder: Path, name: str) -> Path:
    """Return the file of a secret; generate the secret if there is none."""
    path = folder / name
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Renamed when complete, so that a crash never leaves an empty secret.
        draft = folder / f".{name}.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48) + "\n", encoding="ascii")
        draft.rename(path)
    return path
