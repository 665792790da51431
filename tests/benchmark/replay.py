"""What a standby's replay of a write costs: one process replays everything."""

import tempfile
from pathlib import Path

from deploy.local.postgres import DATABASE
from tests.benchmark import cpu, pgbench
from tests.benchmark.capacity import FOLLOW, TWEET
from tests.benchmark.dataset import DATA_SETS, FIRST_NAME
from tests.benchmark.endpoints import endpoints
from tests.benchmark.experiments import CONNECTIONS, Effort
from tests.benchmark.storage import Storage
from tests.data.replication import Pair, running_pair, superuser, until

_DATA_SET = DATA_SETS["100k"]
_ADD_USERS = f"""
INSERT INTO users (username, email, password_hash)
SELECT {FIRST_NAME} + number, '', '*' FROM generate_series(1, {_DATA_SET.users}) number
"""  # noqa: S608 (numbers of ours)


def microseconds(folder: Path, effort: Effort) -> dict[str, list[float]]:
    """Return the CPU that replaying a message and a follow takes, by round."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=folder) as work,
        running_pair(Path(work)) as pair,
    ):
        Storage(folder, pair.primary.cluster).sql(_ADD_USERS, DATABASE)
        found: dict[str, list[float]] = {TWEET: [], FOLLOW: []}
        for _ in range(effort.rounds):
            for kind, rounds in found.items():
                rounds.append(_cost(folder, pair, kind, effort.seconds))
        return found


def _cost(folder: Path, pair: Pair, kind: str, seconds: float) -> float:
    storage = Storage(folder, pair.primary.cluster)
    [endpoint] = [each for each in endpoints({}) if each.name == kind]
    assert endpoint.statements
    postmaster = Storage(folder, pair.standby.cluster).postmaster()
    [replaying] = cpu.children(postmaster, "startup")
    before = cpu.seconds([replaying])
    statements = endpoint.statements(_DATA_SET)
    rate = pgbench.rate(storage, DATABASE, statements, seconds, CONNECTIONS)
    [[written]] = superuser(pair.primary, "SELECT pg_current_wal_lsn()::text")
    until(pair.standby, f"SELECT pg_last_wal_replay_lsn() >= '{written}'::pg_lsn")
    return (cpu.seconds([replaying]) - before) / (rate * seconds) * 1e6
