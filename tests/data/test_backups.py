"""A backup is worth what its restore shows: the drill, and a second in the past."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.accounts import run_as, server_account
from deploy.local.postgres import OWNER, SUPERUSER, Cluster
from minitwit.db import Database
from minitwit.messages import Messages
from tests.clusters import migrate, psql, settings
from tests.data.exporter import exporter_queries
from tests.data.needs import needs
from tests.data.servers import Server, owner_rows, running_server, short_folder
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "deploy/data"
INSTALLED = ROOT / ".artifacts/pgbackrest/pgbackrest"
PGBACKREST = str(INSTALLED) if INSTALLED.exists() else shutil.which("pgbackrest")

MESSAGES = 100_000
MAX_RESTORE = 300.0  # seconds: the recovery time that is promised

MISSING = "pgBackRest is missing: tests/data/install-pgbackrest"

pytestmark = needs(MISSING if not PGBACKREST else None)


@dataclass
class Repository:
    """A server that archives, and the folder where its backups are."""

    server: Server
    folder: Path
    environment: Mapping[str, str]

    def run(
        self, script: str, *words: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run one of the scripts as the account of the server."""
        return subprocess.run(
            self.command(script, *words),
            env=dict(self.environment),
            cwd="/",
            capture_output=True,
            text=True,
            check=check,
        )

    def command(self, script: str, *words: str) -> list[str]:
        """Return the command line of one of the scripts."""
        account = server_account(self.server.cluster.data)
        as_server = run_as(account, "TERM", [self.folder])
        return [*as_server, str(SCRIPTS / script), *words]

    def archive(self) -> None:
        """Finish the current piece of WAL and wait until it is archived."""
        with psql(self.server.cluster, SUPERUSER) as script:
            # An empty piece would not be finished.
            script.run("SELECT pg_logical_emit_message(true, 'test', '')")
            [[name]] = script.run("SELECT pg_walfile_name(pg_switch_wal())")
            done = f"SELECT last_archived_wal >= '{name}' FROM pg_stat_archiver"  # noqa: S608
            wait_until(
                lambda: script.run(done) == [[True]],
                "the archive to get its last piece",
            )


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """Run a server with 100,000 messages and a full backup of it."""
    if not PGBACKREST:
        pytest.fail(MISSING)
    folder = tmp_path_factory.mktemp("backups")
    with short_folder() as sockets:
        cluster = Cluster(folder / "postgres", folder / "secrets", sockets)
        cluster.create()
        environment = prepare(folder, cluster)
        server = Server(
            cluster,
            folder / "postgres.log",
            [
                "--archive_mode=on",
                f"--archive_command={PGBACKREST} --stanza=minitwit archive-push %p",
            ],
            ["env", *words(environment)],
        )
        server.start()
        try:
            fill(server)
            made = Repository(server, folder, environment)
            made.run("backup.sh")
            yield made
        finally:
            server.stop()


def prepare(folder: Path, cluster: Cluster) -> dict[str, str]:
    """Write pgBackRest's settings for a folder; return the environment they need."""
    account = server_account(cluster.data)
    for name in ("repository", "work"):
        (folder / name).mkdir()
        os.chown(folder / name, account.uid, account.gid)
    shipped = (SCRIPTS / "pgbackrest.conf").read_text()
    mine = {
        "/var/lib/pgbackrest": folder / "repository",
        "/var/lib/postgresql/18/docker": cluster.data,
        "/var/run/postgresql": cluster.sockets,
        "/tmp/pgbackrest": folder / "work/locks",  # noqa: S108
    }
    for theirs, here in mine.items():
        assert theirs in shipped
        shipped = shipped.replace(f"={theirs}\n", f"={here}\n")
    (folder / "pgbackrest.conf").write_text(shipped)
    (folder / "conf.d").mkdir()
    (folder / "conf.d/key.conf").write_text("[global]\nrepo1-cipher-pass=secret\n")
    passwords = folder / "passwords"
    passwords.touch(mode=0o600)
    os.chown(passwords, account.uid, account.gid)
    passwords.write_text(
        "".join(
            f"*:*:*:{role}:{cluster.password_file(role).read_text().strip()}\n"
            for role in (OWNER, SUPERUSER)
        )
    )
    programs = next(
        Path(w).parent for w in cluster.command() if w.endswith("/postgres")
    )
    return {
        "PATH": ":".join(
            (
                str(Path(str(PGBACKREST)).parent),
                str(programs),
                str(ROOT / ".venv/bin"),
                os.environ["PATH"],
            )
        ),
        "PGBACKREST_CONFIG": str(folder / "pgbackrest.conf"),
        "PGBACKREST_CONFIG_INCLUDE_PATH": str(folder / "conf.d"),
        "PGHOST": str(cluster.sockets),
        "PGPASSFILE": str(passwords),
        "TMPDIR": "/tmp",  # noqa: S108
        "MINITWIT_DATABASE_URL": cluster.url(OWNER),
        "MINITWIT_DATABASE_PASSWORD_FILE": str(cluster.password_file(OWNER)),
    }


def fill(server: Server) -> None:
    migrate(server.cluster)
    for statement in (
        "INSERT INTO users (username, email, password_hash) "
        "SELECT 'user ' || n, n || '@x', '!' FROM generate_series(1, 1000) AS n",
        "INSERT INTO follows (follower_id, followed_id) "
        "SELECT n, n % 1000 + 1 FROM generate_series(1, 1000) AS n",
        "INSERT INTO messages (author_id, content) SELECT n % 1000 + 1, "  # noqa: S608
        f"'message ' || n FROM generate_series(1, {MESSAGES}) AS n",
    ):
        owner_rows(server, statement)


def test_the_newest_backup_passes_the_restore_drill(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    post(repository.server, "after the backup")
    repository.archive()
    result = repository.run("restore-drill.sh", check=False)
    assert result.returncode == 0, result.stderr
    with capsys.disabled():
        print("\n" + result.stdout.strip())
    [[rows]] = owner_rows(repository.server, "SELECT count(*) FROM messages")
    assert f"messages: {rows} rows" in result.stdout
    assert "a true copy" in result.stdout
    assert not list(Path("/tmp").glob("drill.*"))  # noqa: S108
    assert owner_rows(
        repository.server, "SELECT count(*) >= 1 FROM backups WHERE kind = 'drill'"
    ) == [[True]]


def test_the_drill_fails_when_the_copy_is_not_what_it_should_be(
    repository: Repository, tmp_path: Path
) -> None:
    # The original changes when all that it had is in the archive.
    spoil = "UPDATE messages SET content = 'x' WHERE id = 1"
    changed = with_stand_in(
        repository,
        tmp_path,
        "pgbackrest",
        f'{PGBACKREST} "$@" || exit\n'
        f'[ "$2" != check ] || psql -qU {SUPERUSER} minitwit -c "{spoil}"\n',
    )
    try:
        result = changed.run("restore-drill.sh", check=False)
        assert result.returncode != 0
        assert "The copy deviates: messages up to id" in result.stderr
    finally:
        owner_rows(
            repository.server, "UPDATE messages SET content = 'message 1' WHERE id = 1"
        )


def test_the_drill_fails_when_a_piece_of_the_archive_is_missing(
    repository: Repository,
) -> None:
    """A restore ends there and says nothing about it."""
    repository.archive()
    piece = archived(repository.server)
    post(repository.server, "after the missing piece")
    archive = repository.folder / "repository" / "archive"
    [missing] = archive.rglob(f"{piece}-*")
    missing.unlink()
    result = repository.run("restore-drill.sh", check=False)
    assert result.returncode == 1
    assert "something is missing in the archive" in result.stderr
    # As it says: from now on restores begin behind it.
    repository.run("backup.sh", "incremental")
    repository.run("restore-drill.sh")


def test_the_drill_is_not_tried_where_it_would_fill_the_disk(
    repository: Repository, tmp_path: Path
) -> None:
    full = with_stand_in(
        repository, tmp_path, "df", "echo Avail 1B-blocks; echo 160000000 1000000000"
    )
    result = full.run("restore-drill.sh", check=False)
    assert result.returncode == 1
    assert "not tried" in result.stderr


def test_a_second_in_the_past_is_restored(
    repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = repository.server
    # pgBackRest counts in seconds, and what is chosen has to be after the backup.
    time.sleep(1.1)
    post(server, "before the accident")
    [[chosen]] = owner_rows(server, "SELECT now()::text")
    [[expected]] = owner_rows(server, "SELECT count(*) FROM messages")
    # Its commit has to be later than the second that is chosen.
    time.sleep(1.1)
    owner_rows(server, "DELETE FROM messages WHERE id % 2 = 0")
    post(server, "after the accident")
    repository.archive()

    start = time.monotonic()
    folder = repository.folder / "work" / "past"
    result = repository.run("restore.sh", str(folder), str(chosen), check=False)
    assert result.returncode == 0, result.stderr
    with short_folder() as sockets:
        cluster = Cluster(folder, repository.folder / "secrets", sockets)
        cluster.create()
        restored = Server(
            cluster,
            tmp_path / "log",
            ["--archive_mode=off"],
            ["env", *words(repository.environment)],
        )
        restored.start()
        try:
            while owner_rows(restored, "SELECT pg_is_in_recovery()") != [[False]]:
                time.sleep(0.1)
            seconds = time.monotonic() - start
            assert owner_rows(restored, "SELECT count(*) FROM messages") == [[expected]]
            newest = "SELECT content FROM messages ORDER BY id DESC LIMIT 1"
            assert owner_rows(restored, newest) == [["before the accident"]]
            post(restored, "life goes on")
        finally:
            restored.stop()
    with capsys.disabled():
        print(f"\nrestored {expected} messages to {chosen} in {seconds:.1f} s")
    assert seconds <= MAX_RESTORE


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


def test_what_waits_for_the_archive_is_told(tmp_path: Path) -> None:
    query = exporter_queries()["minitwit_archive"]
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


def archived(server: Server) -> object:
    """Return which piece of the log was archived last."""
    return owner_rows(server, "SELECT last_archived_wal FROM pg_stat_archiver")[0][0]


def made(repository: Repository) -> tuple[int, ...]:
    """Return how many full and incremental backups and drills were recorded."""
    query = (
        "SELECT count(*) FILTER (WHERE kind = 'full'), "
        "count(*) FILTER (WHERE kind = 'incremental'), "
        "count(*) FILTER (WHERE kind = 'drill') FROM backups"
    )
    return tuple(int(str(count)) for count in owner_rows(repository.server, query)[0])


def test_nothing_readable_is_in_the_repository(repository: Repository) -> None:
    post(repository.server, "a needle in a haystack")
    repository.archive()
    repository.run("backup.sh", "incremental")
    found = subprocess.run(
        ["grep", "-rlaE", "needle|message 9999", repository.folder / "repository"],
        capture_output=True,
    )
    assert found.returncode == 1


def test_a_folder_with_something_in_it_is_not_restored_over(
    repository: Repository,
) -> None:
    data = str(repository.server.cluster.data)
    result = repository.run("restore.sh", data, check=False)
    assert result.returncode == 65
    assert "is not empty: move away what is in it" in result.stderr


def with_stand_in(
    repository: Repository, folder: Path, program: str, script: str
) -> Repository:
    """Return the same where a program is a script of the test's."""
    stand_in = folder / program
    stand_in.write_text(f"#!/bin/sh\n{script}\n")
    stand_in.chmod(0o755)
    path = f"{folder}:{repository.environment['PATH']}"
    environment = {**repository.environment, "PATH": path}
    return Repository(repository.server, repository.folder, environment)


def age(repository: Repository, by: str) -> None:
    owner_rows(
        repository.server,
        f"UPDATE backups SET finished_at = finished_at - interval '{by}'",  # noqa: S608
    )


def post(server: Server, content: str) -> None:
    with closing(Database(settings(server.cluster))) as database:
        Messages(database).add("user 1", content)


def words(environment: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in environment.items()]
