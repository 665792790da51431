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
from tests.data.servers import Server, programs, short_folder
from tests.waiting import wait_until

SCRIPTS = Path(__file__).parents[2] / "deploy" / "data"


@dataclass
class Pair:
    """A primary and its standby."""

    primary: Server
    standby: Server

    def url(self, role: str, *servers: Server) -> str:
        """Return where to find whichever of the servers takes writes."""
        hosts = ",".join(str(server.cluster.sockets) for server in servers)
        return f"postgresql://{role}@/minitwit?host={hosts}"


def superuser(server: Server, sql: str) -> list[list[object]]:
    """Return what a statement finds, as the server's superuser."""
    with psql(server.cluster, SUPERUSER) as script:
        return script.run(sql)


def until(server: Server, query: str) -> None:
    """Wait until a query returns true."""
    wait_until(lambda: superuser(server, query) == [[True]], query)


def make_standby(primary: Server, data: Path) -> None:
    """Copy a primary, as its account, into a standby that follows it."""
    cluster = primary.cluster
    account = server_account(cluster.data)
    subprocess.run(
        [
            *run_as(account, "TERM", [SCRIPTS / "x", data]),
            *("pg_basebackup", "--username=postgres", f"--pgdata={data}"),
            *("--create-slot", "--slot=standby", "--write-recovery-conf"),
            *("--checkpoint=fast", "--dbname=application_name=standby"),
        ],
        env={
            "PATH": f"{programs(cluster)}:{os.environ['PATH']}",
            "PGHOST": str(cluster.sockets),
            "PGPASSWORD": cluster.password_file(SUPERUSER).read_text().strip(),
        },
        cwd="/",
        capture_output=True,
        check=True,
    )


def let_replicate(cluster: Cluster) -> None:
    """Make a server accept copies over its socket, for the next time it starts."""
    with (cluster.data / "pg_hba.conf").open("a") as rules:
        rules.write("local replication all scram-sha-256\n")


@contextmanager
def running_pair(folder: Path) -> Iterator[Pair]:
    """Run both until the block ends."""
    with short_folder() as first, short_folder() as second:
        secrets = folder / "secrets"
        cluster = Cluster(folder / "primary", secrets, first)
        cluster.create()
        let_replicate(cluster)
        # So that a standby that is cut off is noticed soon.
        primary = Server(cluster, folder / "primary.log", ["--wal_sender_timeout=2s"])
        primary.start()
        migrate(cluster)
        add_writer(primary)
        account = server_account(cluster.data)
        os.chown(second, account.uid, account.gid)
        data = second / "data"
        copy = Cluster(data, secrets, second)
        # As in production. A promotion that comes while the standby asks for its lost
        # primary waits out this interval, for which PostgreSQL's own is 5 s.
        options = ["--wal_retrieve_retry_interval=1s"]
        standby = Server(copy, folder / "standby.log", options)
        try:
            make_standby(primary, data)
            standby.start()
            yield Pair(primary, standby)
        finally:
            primary.stop()
            standby.stop()
