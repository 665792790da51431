"""Writes log files in the format of Docker's json-file driver."""

import json
from datetime import UTC, datetime
from pathlib import Path


def service(name: str) -> dict[str, str]:
    """Return the attributes that Docker adds to the lines of a service's containers."""
    return {"com.docker.swarm.service.name": name}


def write(file: Path, line: str, attrs: dict[str, str]) -> None:
    """Write a line as Docker's json-file driver does."""
    envelope = {
        "log": line + "\n",
        "stream": "stdout",
        "attrs": attrs,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    with file.open("a", encoding="utf-8") as output:
        output.write(json.dumps(envelope) + "\n")
