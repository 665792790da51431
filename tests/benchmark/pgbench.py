"""Upper bound: pgbench runs the same statements without any server."""

import re
import subprocess
import tempfile

from minitwit.postgres.database import PLANNING
from minitwit.postgres.roles import OWNER
from minitwit.queries import statements
from tests.benchmark.endpoints import Statements
from tests.benchmark.storage import Storage, program

# As the functions' connections have it.
_PLANNING = " ".join(f"-c {name}={value}" for name, value in PLANNING.items())


def rate(
    storage: Storage,
    database: str,
    request: Statements,
    seconds: float,
    connections: int,
) -> float:
    """Return how many times a second pgbench runs the statements.

    Args:
        storage: with the server.
        database: to run them in.
        request: its statements and the values of their parameters.
        seconds: to go on for.
        connections: to open, by the same socket as ours.

    """
    lines = [
        f"\\set {name} {value}"
        for name, value in request.variables.items()
        if "(" in value
    ]
    lines += [statements()[query] + ";" for query in request.queries]
    strings = [
        f"-D{name}={value}"
        for name, value in request.variables.items()
        if "(" not in value
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write("\n".join(lines) + "\n")
        script.flush()
        output = subprocess.run(
            [
                *(program("pgbench"), "-n", "-M", "prepared", "-f", script.name),
                *("-c", str(connections), "-j", str(min(2, connections))),
                *("-T", str(max(1, round(seconds))), *strings, database),
            ],
            env=storage.environment(OWNER) | {"PGOPTIONS": _PLANNING},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    found = re.search(r"tps = ([\d.]+) \(without", output)
    # It says nothing when it came to nothing, as on a machine that is too busy.
    return float(found[1]) if found else 0.0
