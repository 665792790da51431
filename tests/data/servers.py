"""A PostgreSQL that can be killed, and a network that can be cut."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from deploy.local.postgres import Cluster
from minitwit.errors import MiniTwitError
from minitwit_cli.maintenance.admin_connection import open_admin_connection
from tests.clusters import migrate, psql, settings
from tests.waiting import wait_until


def programs(cluster: Cluster) -> Path:
    """Return the folder of PostgreSQL's programs."""
    words = cluster.command()
    return next(Path(word).parent for word in words if word.endswith("/postgres"))


class Server:
    """A server on a cluster's data.

    Args:
        cluster: the data folder and its secrets; it is made when it is not there.
        log: takes what the server says.
        options: words after the server's command line.
        prefix: words before it.

    """

    def __init__(
        self,
        cluster: Cluster,
        log: Path,
        options: Sequence[str] = (),
        prefix: Sequence[str] = (),
    ) -> None:
        self.cluster = cluster
        self.options = list(options)
        self._log = log
        self._prefix = list(prefix)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start the server and return the moment when it accepted a connection."""
        return wait_until(
            self._answers_by_now, lambda: f"a server:\n{self._log.read_text()[-2000:]}"
        )

    def _answers_by_now(self) -> float | None:
        # What a killed server left running may still hold the data for a moment.
        if self._process is None or self._process.poll() is not None:
            self._spawn()
        return self.answers()

    def answers(self) -> float | None:
        """Return the moment, if the server accepts a connection."""
        with (
            suppress(MiniTwitError),
            open_admin_connection(settings(self.cluster)) as script,
        ):
            script.run("SELECT 1")
            return time.monotonic()
        return None

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server; with SIGKILL it has no time to do anything."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def _spawn(self) -> None:
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [*self._prefix, *self.cluster.command(), *self.options],
                cwd="/",
                stdout=output,
                stderr=output,
            )


@contextmanager
def running_server(
    folder: Path, options: Sequence[str] = (), prefix: Sequence[str] = ()
) -> Iterator[Server]:
    """Run a migrated server with durable data until the block ends."""
    with short_folder() as sockets:
        cluster = Cluster(folder / "postgres", folder / "secrets", sockets)
        cluster.create()
        server = Server(cluster, folder / "postgres.log", options, prefix)
        server.start()
        try:
            migrate(cluster)
            yield server
        finally:
            server.stop()


@contextmanager
def short_folder(parent: str | None = None) -> Iterator[Path]:
    """Make a folder whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="minitwit-", dir=parent) as folder:
        yield Path(folder)


def let_in_over_tcp(cluster: Cluster) -> None:
    """Make a server take passwords from anywhere, for the next time it starts."""
    with (cluster.data / "pg_hba.conf").open("a") as rules:
        rules.write("host all all all scram-sha-256\n")
        rules.write("host replication all all scram-sha-256\n")


class Network:
    """A network of two: this process at one end, a server at the other."""

    def __init__(self, number: int) -> None:
        self.name = f"mtd{number}"
        self.here = f"10.213.{number}.1"
        self.there = f"10.213.{number}.2"
        self.prefix = ["ip", "netns", "exec", self.name]

    def make(self) -> None:
        """Make the two ends."""
        _run("ip", "netns", "add", self.name)
        pair = f"{self.name}a", f"{self.name}b"
        _run("ip", "link", "add", pair[0], "type", "veth", "peer", pair[1])
        _run("ip", "link", "set", pair[1], "netns", self.name)
        _run("ip", "address", "add", f"{self.here}/24", "dev", pair[0])
        _run("ip", "link", "set", pair[0], "up")
        _run(*self.prefix, "ip", "address", "add", f"{self.there}/24", "dev", pair[1])
        _run(*self.prefix, "ip", "link", "set", pair[1], "up")
        _run(*self.prefix, "ip", "link", "set", "lo", "up")

    def cut(self) -> None:
        """Drop every packet, without an ICMP error."""
        self._filter("-A", "DROP")

    def mend(self) -> None:
        """Let the packets through again."""
        self._filter("-D", "DROP")

    def remove(self) -> None:
        """Remove both ends, whatever is there of them."""
        subprocess.run(["ip", "netns", "delete", self.name], capture_output=True)

    def _filter(self, what: str, target: str) -> None:
        for chain, direction in (("INPUT", "-i"), ("OUTPUT", "-o")):
            link = f"{self.name}b"
            rule = [what, chain, direction, link, "-j", target]
            _run(*self.prefix, "iptables", "-w", *rule)


@contextmanager
def network() -> Iterator[Network]:
    """Make a network until the block ends."""
    made = Network(os.getpid() % 250 + 1)
    made.remove()
    made.make()
    try:
        yield made
    finally:
        made.remove()


def owner_rows(server: Server, query: str) -> list[list[object]]:
    """Return what a query finds, as the database's owner."""
    with psql(server.cluster) as script:
        return script.run(query)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
