"""A primary with a standby that streams from it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.accounts import run_as, server_account
from deploy.local.postgres import SUPERUSER, Cluster
from tests.clusters import migrate, psql
from tests.data.kept import add_writer
from tests.data.servers import Server, short_folder
from tests.waiting import wait_until

SCRIPTS = Path(__file__).parents[2] / "deploy" / "data"


@dataclass
class Pair:
    """A primary and its standby."""

    primary: Server
    standby: Server
    environment: dict[str, str]

    def url(self, role: str, *servers: Server) -> str:
        """Return where to find whichever of the servers takes writes."""
        hosts = ",".join(str(server.cluster.sockets) for server in servers)
        return f"postgresql://{role}@/minitwit?host={hosts}"

    def run(self, script: str, *words: str, at: Server | None = None) -> str:
        """Run one of the scripts beside a server, as its account."""
        server = at or self.primary
        account = server_account(server.cluster.data)
        environment = self.environment | {"PGHOST": str(server.cluster.sockets)}
        ended = subprocess.run(
            [*run_as(account, "TERM", [SCRIPTS / "x"]), str(SCRIPTS / script), *words],
            env=environment,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout


def superuser(server: Server, sql: str) -> list[list[object]]:
    """Return what a statement finds, as the server's superuser."""
    with psql(server.cluster, SUPERUSER) as script:
        return script.run(sql)


def until(server: Server, query: str) -> None:
    """Wait until a query returns true."""
    wait_until(lambda: superuser(server, query) == [[True]], query)


@contextmanager
def running_pair(folder: Path) -> Iterator[Pair]:
    """Run both until the block ends."""
    with short_folder() as first, short_folder() as second:
        secrets = folder / "secrets"
        cluster = Cluster(folder / "primary", secrets, first)
        cluster.create()
        with (cluster.data / "pg_hba.conf").open("a") as rules:
            rules.write("local replication all scram-sha-256\n")
        # So that a standby that is cut off is noticed soon.
        primary = Server(cluster, folder / "primary.log", ["--wal_sender_timeout=2s"])
        primary.start()
        migrate(cluster)
        add_writer(primary)
        programs = next(
            Path(w).parent for w in cluster.command() if w.endswith("/postgres")
        )
        environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PGPASSWORD": cluster.password_file(SUPERUSER).read_text().strip(),
        }
        account = server_account(cluster.data)
        os.chown(second, account.uid, account.gid)
        data = second / "data"
        copy = Cluster(data, secrets, second)
        # As in production. A promotion that comes while the standby asks for its lost
        # primary waits out this interval, for which PostgreSQL's own is 5 s.
        options = ["--wal_retrieve_retry_interval=1s"]
        standby = Server(copy, folder / "standby.log", options)
        made = Pair(primary, standby, environment)
        try:
            made.run("standby.sh", str(data))
            standby.start()
            yield made
        finally:
            primary.stop()
            standby.stop()
