"""A server that archives, and the repository where its backups are."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.accounts import run_as, server_account
from deploy.local.postgres import SUPERUSER, Cluster
from minitwit.messages import Messages
from minitwit.postgres.database import Database
from minitwit.postgres.roles import OWNER
from tests.clusters import migrate, psql, settings
from tests.data.servers import Server, owner_rows, programs, short_folder
from tests.data.writing import ROOT
from tests.waiting import wait_until

_SCRIPTS = ROOT / "deploy/data"
_INSTALLED = ROOT / ".artifacts/pgbackrest/pgbackrest"

PGBACKREST = str(_INSTALLED) if _INSTALLED.exists() else shutil.which("pgbackrest")
MISSING = None if PGBACKREST else "pgBackRest is missing: tests/data/install-pgbackrest"

_MESSAGES = 100_000


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
        ended = subprocess.run(
            self.command(script, *words),
            env=dict(self.environment),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or ended.returncode == 0, ended.stdout + ended.stderr
        return ended

    def command(self, script: str, *words: str) -> list[str]:
        """Return the command line of one of the scripts."""
        account = server_account(self.server.cluster.data)
        as_server = run_as(account, "TERM", [self.folder])
        return [*as_server, str(_SCRIPTS / script), *words]

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


@contextmanager
def archived_server(folder: Path) -> Iterator[Repository]:
    """Run a server with 100,000 messages and a full backup of it."""
    with short_folder() as sockets:
        cluster = Cluster(folder / "postgres", folder / "secrets", sockets)
        cluster.create()
        environment = _prepare(folder, cluster)
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
            _fill(server)
            made = Repository(server, folder, environment)
            made.run("backup.sh")
            yield made
        finally:
            server.stop()


def _prepare(folder: Path, cluster: Cluster) -> dict[str, str]:
    """Write pgBackRest's settings for a folder; return the environment they need."""
    account = server_account(cluster.data)
    for name in ("repository", "work"):
        (folder / name).mkdir()
        os.chown(folder / name, account.uid, account.gid)
    shipped = (_SCRIPTS / "pgbackrest.conf").read_text()
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
    return {
        "PATH": ":".join(
            (
                str(Path(str(PGBACKREST)).parent),
                str(programs(cluster)),
                str(ROOT / ".venv/bin"),
                os.environ["PATH"],
            )
        ),
        "PGBACKREST_CONFIG": str(folder / "pgbackrest.conf"),
        "PGBACKREST_CONFIG_INCLUDE_PATH": str(folder / "conf.d"),
        "PGHOST": str(cluster.sockets),
        "PGPASSFILE": str(passwords),
        "TMPDIR": "/tmp",  # noqa: S108
        **cluster.environment(OWNER),
    }


def _fill(server: Server) -> None:
    migrate(server.cluster)
    for statement in (
        "INSERT INTO users (username, email, password_hash) "
        "SELECT 'user ' || n, n || '@x', '!' FROM generate_series(1, 1000) AS n",
        "INSERT INTO follows (follower_id, followed_id) "
        "SELECT n, n % 1000 + 1 FROM generate_series(1, 1000) AS n",
        "INSERT INTO messages (author_id, content) SELECT n % 1000 + 1, "  # noqa: S608
        f"'message ' || n FROM generate_series(1, {_MESSAGES}) AS n",
    ):
        owner_rows(server, statement)


def post(server: Server, content: str) -> None:
    with closing(Database(settings(server.cluster))) as database:
        Messages(database).add("user 1", content)


def archived(server: Server) -> object:
    """Return which piece of the log was archived last."""
    return owner_rows(server, "SELECT last_archived_wal FROM pg_stat_archiver")[0][0]


def words(environment: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in environment.items()]
