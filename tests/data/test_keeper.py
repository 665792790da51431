"""The backup keeper: backups and restore drills when they are due, and its metrics."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deploy.local.postgres import SUPERUSER
from tests.clusters import psql
from tests.data.archive import MISSING, PGBACKREST, Repository, archived, post
from tests.data.exporter import exporter_queries
from tests.data.needs import needs
from tests.data.servers import owner_rows, running_server
from tests.waiting import wait_until

pytestmark = needs(MISSING)


def test_a_backup_is_made_when_it_is_due_and_not_before(repository: Repository) -> None:
    repository.run("backup.sh")
    full, incremental, _ = made(repository)
    repository.run("backup.sh")
    assert made(repository)[:2] == (full, incremental)
    age(repository, "7 hours")
    repository.run("backup.sh")
    assert made(repository)[:2] == (full, incremental + 1)
    age(repository, "8 days")
    repository.run("backup.sh")
    assert made(repository)[:2] == (full + 1, incremental + 1)


def test_a_backup_is_recorded_while_the_disk_is_too_full_for_writes(
    repository: Repository,
) -> None:
    """Or else it would be made again each minute."""
    repository.run("backup.sh")
    age(repository, "7 hours")
    full, incremental, _ = made(repository)
    refuse_writes(repository, "on")
    try:
        repository.run("backup.sh")
        repository.run("backup.sh")
    finally:
        refuse_writes(repository, "off")
    assert made(repository)[:2] == (full, incremental + 1)


def refuse_writes(repository: Repository, switch: str) -> None:
    """Do as disk-guard.sh does."""
    with psql(repository.server.cluster, SUPERUSER) as script:
        script.run(f"ALTER SYSTEM SET default_transaction_read_only = {switch}")
        script.run("SELECT pg_reload_conf()")
    with psql(repository.server.cluster, SUPERUSER) as script:
        shown = "SELECT current_setting('default_transaction_read_only')"
        wait_until(
            lambda: script.run(shown) == [[switch]], f"the setting to be {switch}"
        )


def test_full_backups_of_a_week_are_kept_however_many_there_are(
    repository: Repository,
) -> None:
    """A restore to before the newest of them stays possible."""
    repository.run("backup.sh")
    [first, *_] = full_backups(repository)
    for _ in range(3):
        repository.run("backup.sh", "full")
    assert first in full_backups(repository)


def full_backups(repository: Repository) -> list[str]:
    """Return the labels of the full backups in the repository, oldest first."""
    command = [PGBACKREST, "--stanza=minitwit", "info", "--output=json", "--allow-root"]
    done = subprocess.run(
        [str(word) for word in command],
        env=dict(repository.environment),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    backups = json.loads(done.stdout)[0]["backup"]
    return [backup["label"] for backup in backups if backup["type"] == "full"]


def test_a_backup_is_due_when_a_standby_has_become_the_primary(
    repository: Repository,
) -> None:
    repository.run("backup.sh")
    full, incremental, _ = made(repository)
    server = repository.server
    server.stop()
    signal = server.cluster.data / "standby.signal"
    signal.touch()
    server.start()
    with psql(server.cluster, SUPERUSER) as script:
        script.run("SELECT pg_promote()")
    repository.run("backup.sh")
    repository.run("backup.sh")
    assert made(repository)[:2] == (full, incremental + 1)


def test_the_keeper_backs_up_and_drills_by_itself(repository: Repository) -> None:
    age(repository, "8 days")
    full, _, drills = made(repository)
    with keeper(repository):
        wait_until(lambda: made(repository)[0] == full + 1, "a full backup", 120)
        wait_until(lambda: made(repository)[2] == drills + 1, "a drill", 120)


def test_a_server_that_was_shut_down_archives_again_in_time(
    repository: Repository,
) -> None:
    """PostgreSQL by itself would begin with that after checkpoint_timeout."""
    server = repository.server
    usual = server.options
    server.stop()
    server.options = [*usual, "-c", "archive_timeout=1", "-c", "checkpoint_timeout=1h"]
    server.start()
    try:
        with keeper(repository):
            before = archived(server)
            post(server, "a quiet minute's only message")
            wait_until(lambda: archived(server) != before, "a piece of log", 120)
    finally:
        server.stop()
        server.options = usual
        server.start()


def test_the_delay_of_wal_archiving_is_measured(tmp_path: Path) -> None:
    query = exporter_queries()["minitwit_wal_archiving"]
    nowhere = ["--archive_mode=on", "--archive_command=false"]
    with (
        running_server(tmp_path, nowhere) as server,
        psql(server.cluster, SUPERUSER) as script,
    ):
        assert script.run(query) == [[0]]
        script.run("SELECT pg_switch_wal()")
        wait_until(lambda: script.run(query) > [[0]], "a piece to wait")


@contextmanager
def keeper(repository: Repository) -> Iterator[None]:
    """Let the keeper keep the database until the block ends."""
    process = subprocess.Popen(
        repository.command("keeper.sh", str(repository.server.cluster.data)),
        env=dict(repository.environment),
        cwd="/",
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        process.terminate()
        assert process.wait() == 0
        # A backup that it has begun goes on, and holds pgBackRest's lock until its end.
        wait_until(lambda: not working(process.pid), "the end of what it has begun", 60)


def working(session: int) -> list[str]:
    """Return the programs of a session that do more than sleep."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            start, _, rest = stat.read_text().rpartition(")")
            state, _, _, number = rest.split()[:4]
            if int(number) == session and state != "Z":
                found.append(start.partition("(")[2])
    return [program for program in found if program != "sleep"]


def made(repository: Repository) -> tuple[int, ...]:
    """Return how many full and incremental backups and drills were recorded."""
    query = (
        "SELECT count(*) FILTER (WHERE kind = 'full'), "
        "count(*) FILTER (WHERE kind = 'incremental'), "
        "count(*) FILTER (WHERE kind = 'drill') FROM backups"
    )
    return tuple(int(str(count)) for count in owner_rows(repository.server, query)[0])


def age(repository: Repository, by: str) -> None:
    owner_rows(
        repository.server,
        f"UPDATE backups SET finished_at = finished_at - interval '{by}'",  # noqa: S608
    )
