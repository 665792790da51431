"""Certificates as deploy/bootstrap.sh makes them for the database's servers."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = Path(__file__).parents[1] / "deploy" / "certificates.sh"


@dataclass(frozen=True)
class Certificate:
    """A server's certificate with its key, and the authority that signed it."""

    server: Path
    ca: Path


def make_certificate(folder: Path, *names: str, days: int = 1) -> Certificate:
    """Make a certificate that is valid for so many days; -1: it has expired."""
    folder.mkdir(parents=True, exist_ok=True)
    script = f'. "{_SCRIPT}" && make_certificate "$@"'
    subprocess.run(
        ["bash", "-euc", script, "bash", folder, *names],
        env=os.environ | {"CERTIFICATE_DAYS": str(days)},
        check=True,
    )
    return Certificate(folder / "server.pem", folder / "ca.pem")
