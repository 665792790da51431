"""A migration is applied while the code before it serves: not one request fails.

The code before a migration is what the repository held before the commit that added
it; it runs from an export of that commit, on the database that it made itself. Then
today's `minitwit migrate` brings that database up to date under its feet.
"""

import os
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local.postgres import SUPERUSER, running_cluster
from minitwit.schema import migrations
from tests.clusters import psql, rows
from tests.data.needs import needs
from tests.data.writing import ROOT, Answer, Service, running_function
from tests.waiting import wait_until

MIGRATIONS = "lib/minitwit/migrations"
MESSAGES = 50_000
# The last migration of 0.1.0, the first release: no installation is older.
RELEASED = 7
_SHARED_ROLE = "minitwit_app"


def git(*words: str) -> str:
    command = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), *words]
    return subprocess.run(
        command, check=True, capture_output=True, text=True
    ).stdout.strip()


def commit_of(version: int) -> str:
    """Return the commit that added a migration."""
    step = next(step for step in migrations() if step.version == version)
    path = f"{MIGRATIONS}/{step.version:04}_{step.name}.sql"
    found = git("log", "--diff-filter=A", "--format=%H", "--", path).split()
    if not found:
        pytest.skip(f"{path} is not committed yet")
    return found[-1]


def why_no_history() -> str | None:
    """Return what is missing for the code of the past, if something is."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        return "the code of the past needs git and a checkout"
    if git("rev-parse", "--is-shallow-repository") == "true":
        return "the checkout is shallow: fetch the whole history"
    return None


class Callers(threading.Thread):
    """Reads and writes, one after the other, until it is stopped."""

    def __init__(self, service: Service) -> None:
        super().__init__(daemon=True)
        self.answers: list[Answer] = []
        self._service = service
        self._stopped = threading.Event()

    def run(self) -> None:
        """Call what the simulator and people call most."""
        number = 0
        while not self._stopped.is_set():
            number += 1
            body = {"content": f"message {number}"}
            self.answers += [
                self._service.send("POST", f"/msgs/writer?latest={number}", body),
                self._service.send("GET", "/msgs?no=30"),
                self._service.send("GET", "/msgs/writer?no=30"),
                self._service.send("GET", "/latest"),
            ]

    def wait_for(self, count: int) -> None:
        """Wait until so many more requests were answered."""
        goal = len(self.answers) + count
        wait_until(lambda: len(self.answers) >= goal or not self.is_alive())
        assert self.is_alive()

    def stop(self) -> None:
        """Finish the requests at hand."""
        self._stopped.set()
        self.join()


@needs(why_no_history())
@pytest.mark.parametrize("version", [s.version for s in migrations()][RELEASED:])
def test_no_request_of_the_code_before_fails(
    tmp_path: Path, measured: Callable[[str], None], version: int
) -> None:
    past = tmp_path / "past"
    export_code_before(version, past)
    with running_cluster(tmp_path, durable=True) as cluster:
        settings = cluster.environment()
        help_text = run_minitwit(past, settings, "migrate", "--help")
        new = ["--new-installation"] if "--new-installation" in help_text else []
        run_minitwit(past, settings, "migrate", *new)
        before = rows(cluster, "SELECT max(version) FROM schema_migrations")[0][0]
        rows(
            cluster,
            "INSERT INTO users (username, email, password_hash) "
            "VALUES ('writer', 'w@x', '!')",
        )
        rows(
            cluster,
            "INSERT INTO messages (author_id, content) SELECT 1, 'message ' || n "  # noqa: S608
            f"FROM generate_series(1, {MESSAGES}) AS n",
        )
        # The role of all functions until 0017.
        with psql(cluster, SUPERUSER) as script:
            password = cluster.password_file(_SHARED_ROLE).read_text().strip()
            script.run(f"ALTER ROLE {_SHARED_ROLE} LOGIN PASSWORD '{password}'")
        with running_function(
            "messages", cluster, tmp_path, root=past, role=_SHARED_ROLE
        ) as service:
            callers = Callers(service)
            callers.start()
            callers.wait_for(100)
            start = time.monotonic()
            output = run_minitwit(ROOT, settings, "migrate")
            seconds = time.monotonic() - start
            callers.wait_for(200)
            callers.stop()
    seen = Counter(answer.status for answer in callers.answers)
    slowest = max(answer.seconds for answer in callers.answers)
    applied = [line for line in output.splitlines() if line.startswith("applied")]
    measured(
        f"schema {before} to {migrations()[-1].version} in {seconds:.1f} s under "
        f"load: {sum(seen.values())} requests, {dict(seen)}, "
        f"slowest {1000 * slowest:.0f} ms"
    )
    assert f"applied {version:04}" in output, applied
    assert set(seen) == {200, 204}, seen


def export_code_before(version: int, folder: Path) -> None:
    """Write the code as it was before a migration.

    Where migrations were edited since, before any release, the code of the past made a
    database that no installation has. It is then the newest code before whose
    migrations are those of today. Where migrations were numbered anew, there is none:
    then it is the code that did so, without the migration and later ones.
    """
    commit, today = commit_of(version), migration_files("HEAD")
    before = git("rev-list", "--first-parent", f"{commit}^").split()
    same = (past for past in before if migration_files(past) <= today)
    if past := next(same, None):
        export(past, folder)
        return
    known = {
        f"{step.version:04}_{step.name}.sql": step.version for step in migrations()
    }
    export(f"{commit}^", folder)
    if not {file.name for file in (folder / MIGRATIONS).glob("*.sql")} <= set(known):
        shutil.rmtree(folder)
        export(commit, folder)
        for file in (folder / MIGRATIONS).glob("*.sql"):
            if known[file.name] >= version:
                file.unlink()


def migration_files(commit: str) -> set[str]:
    """Return names and contents' hashes of the migrations as they were at a commit."""
    files = git("ls-tree", commit, f"{MIGRATIONS}/").splitlines()
    return {file for file in files if file.endswith(".sql")} or {"none"}


def export(commit: str, folder: Path) -> None:
    """Write the repository as it was at a commit."""
    folder.mkdir()
    archive = folder.with_suffix(".tar")
    git("archive", "--format=tar", f"--output={archive}", commit)
    subprocess.run(["tar", "-xf", archive, "-C", folder], check=True)


def run_minitwit(root: Path, settings: dict[str, str], *words: str) -> str:
    """Run a command of the code in a folder, by the entry point of that time."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    module, _, main = project["project"]["scripts"]["minitwit"].partition(":")
    result = subprocess.run(
        [sys.executable, "-c", f"from {module} import {main}; {main}()", *words],
        cwd=root,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(root / "lib"), **settings},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout
