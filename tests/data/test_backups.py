"""A backup is worth what its restore shows: the drill, and a second in the past."""

import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.local.postgres import SUPERUSER, Cluster
from tests.data.archive import MISSING, PGBACKREST, Repository, archived, post, words
from tests.data.needs import needs
from tests.data.servers import Server, owner_rows, short_folder
from tests.waiting import wait_until

MAX_RESTORE = 300.0  # seconds: the recovery time that is promised

pytestmark = needs(MISSING)


def test_the_newest_backup_passes_the_restore_drill(
    repository: Repository, measured: Callable[[str], None]
) -> None:
    post(repository.server, "after the backup")
    repository.archive()
    result = repository.run("restore-drill.sh", check=False)
    assert result.returncode == 0, result.stderr
    measured(result.stdout.strip())
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
        assert "The copy differs: messages with ids from 0" in result.stderr
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
    assert "the archive has a gap" in result.stderr
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
    assert "skipped" in result.stderr


@pytest.mark.parametrize("script", ["backup.sh", "restore-drill.sh"])
def test_a_standby_refuses_and_leads_to_the_primary(
    repository: Repository, tmp_path: Path, script: str
) -> None:
    # As psql prints that the server is in recovery.
    standby = with_stand_in(repository, tmp_path, "psql", "echo t")
    result = standby.run(script, check=False)
    assert result.returncode == 1
    assert f"Run {script} in the container of the primary" in result.stderr


@pytest.mark.parametrize("command", ["backup.sh incremental", "restore-drill.sh"])
def test_an_operator_may_ask_for_what_the_keeper_is_doing(
    repository: Repository, command: str
) -> None:
    """Each of three calls at the same time succeeds."""
    with ThreadPoolExecutor() as callers:
        ended = [callers.submit(repository.run, *command.split()) for _ in range(3)]
        for done in ended:
            done.result()


def test_a_second_in_the_past_is_restored(
    repository: Repository, tmp_path: Path, measured: Callable[[str], None]
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
            recovers = "SELECT pg_is_in_recovery()"
            wait_until(lambda: owner_rows(restored, recovers) == [[False]])
            seconds = time.monotonic() - start
            assert owner_rows(restored, "SELECT count(*) FROM messages") == [[expected]]
            newest = "SELECT content FROM messages ORDER BY id DESC LIMIT 1"
            assert owner_rows(restored, newest) == [["before the accident"]]
            post(restored, "life goes on")
        finally:
            restored.stop()
    measured(f"restored {expected} messages to {chosen} in {seconds:.1f} s")
    assert seconds <= MAX_RESTORE


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
    assert "is not empty: move its content elsewhere" in result.stderr


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
