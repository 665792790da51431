"""Database servers under Patroni, and etcd, each on a machine of its own."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from deploy.local.accounts import run_as, server_account
from deploy.local.postgres import SUPERUSER, Cluster
from minitwit.postgres.roles import OWNER, function_role
from tests.data.hosts import Host, hosts
from tests.data.servers import programs, short_folder
from tests.waiting import wait_until

_SHIPPED = Path(__file__).parents[2] / "deploy" / "data"
_PROGRAMS = Path(sys.executable).parent

_MEMORY = "/dev/shm"  # noqa: S108

PATIENCE = 90  # seconds


class Etcd:
    """One member of etcd."""

    def __init__(self, host: Host, members: list[Host], folder: Path) -> None:
        self.host = host
        self._folder = folder / f"etcd-{host.name}"
        self._members = members
        self.log = folder / f"etcd-{host.name}.log"

    def start(self) -> None:
        """Start it; it has what it had when it was lost."""
        at = f"http://{self.host.address}"
        cluster = ",".join(f"{m.name}=http://{m.address}:2380" for m in self._members)
        command = [
            *("etcd", "--name", self.host.name, "--data-dir", str(self._folder)),
            *("--listen-client-urls", f"{at}:2379"),
            *("--advertise-client-urls", f"{at}:2379"),
            *("--listen-peer-urls", f"{at}:2380"),
            *("--initial-advertise-peer-urls", f"{at}:2380"),
            *("--initial-cluster", cluster),
        ]
        self._program = self.host.start(command, self.log, os.environ)

    def kill(self) -> None:
        """End it at once; nothing starts it again."""
        os.killpg(self._program.pid, signal.SIGKILL)
        self._program.wait()

    def is_healthy(self) -> bool:
        """Say whether it has a leader."""
        url = f"http://{self.host.address}:2379/health"
        with suppress(OSError, ValueError), urlopen(url, timeout=2) as answer:
            return bool(json.load(answer)["health"] == "true")
        return False


class Member:
    """One database server with its Patroni."""

    def __init__(
        self, host: Host, cluster: Cluster, etcd: list[Host], folder: Path
    ) -> None:
        self.host = host
        self.cluster = cluster
        self.log = folder / f"{host.name}.log"
        self._etcd = etcd
        self._folder = folder

    def start(self) -> None:
        """Start Patroni, which starts PostgreSQL."""
        account = server_account(self.cluster.data.parent)
        needs = (_SHIPPED, self.cluster.data.parent)
        command = [str(_SHIPPED / "server.sh")]
        prefix = run_as(account, "TERM", needs)
        self.host.start([*prefix, *command], self.log, self._environment())

    def stop(self) -> None:
        """Send it SIGTERM, as Docker Swarm does; it is started again."""
        self.host.terminate(_PROGRAMS / "patroni")

    def wait_for_log(self, text: str) -> None:
        """Wait until Patroni or PostgreSQL have written something."""
        wait_until(
            lambda: text in self.log.read_text(),
            lambda: f"{text!r} in:\n{self.log.read_text()[-3000:]}",
            PATIENCE,
        )

    @property
    def is_primary(self) -> bool:
        """Say whether PostgreSQL itself takes writes."""
        return self.query("SELECT NOT pg_is_in_recovery()") == "t"

    def roles(self) -> dict[str, str]:
        """Return the role of each server, by its name, as Patroni has it in etcd."""
        return {m["name"]: m["role"] for m in self._ask("cluster").get("members", [])}

    def is_in_failsafe_mode(self) -> bool:
        """Say whether it keeps the primary that it knew before etcd was lost."""
        return "failsafe_mode_is_active" in self._ask("patroni")

    def _ask(self, path: str) -> dict[str, Any]:
        url = f"http://{self.host.address}:8008/{path}"
        with suppress(OSError, ValueError), urlopen(url, timeout=2) as answer:
            answered: dict[str, Any] = json.load(answer)
            return answered
        return {}

    def query(self, sql: str, database: str = "minitwit") -> str:
        """Return what the server answers to its superuser over its own socket."""
        psql = str(programs(self.cluster) / "psql")
        done = subprocess.run(
            [psql, "-h", str(self.cluster.sockets), "-U", SUPERUSER, "-XAtc", sql],
            env={"PGDATABASE": database, "PGCONNECT_TIMEOUT": "2"},
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def control(self, *words: str) -> str:
        """Run patronictl on this machine."""
        done = subprocess.run(
            [
                *self.host.prefix,
                *(str(_SHIPPED / "control.sh"), *words),
            ],
            env=self._environment(),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _settings(self) -> Path:
        """Write the shipped settings with this machine's folders."""
        folder = self._folder
        mine = {
            "/var/lib/postgresql/18/docker": self.cluster.data,
            "/etc/postgresql/postgresql.conf": folder / "postgresql.conf",
            "/etc/postgresql/pg_hba.conf": folder / "pg_hba.conf",
            "/var/run/postgresql": self.cluster.sockets,
            "/tmp/pgpass": folder / f"{self.host.name}.pgpass",  # noqa: S108
        }
        text = _without_tls((_SHIPPED / "patroni.yml").read_text(encoding="utf-8"))
        for theirs, here in mine.items():
            assert theirs in text, theirs
            text = text.replace(theirs, str(here))
        file = folder / f"{self.host.name}.yml"
        file.write_text(text, encoding="utf-8")
        return file

    def _environment(self) -> dict[str, str]:
        address = self.host.address
        path = (_SHIPPED, programs(self.cluster), _PROGRAMS, os.environ["PATH"])
        return {
            "PATH": ":".join(map(str, path)),
            "PGDATA": str(self.cluster.data),
            "PGHOST": str(self.cluster.sockets),
            "SECRETS": str(self._folder / "secrets"),
            "SYNCHRONOUS_STANDBY": "yes",
            "PATRONICTL_CONFIG_FILE": str(self._settings()),
            "PATRONI_NAME": self.host.name,
            "PATRONI_ETCD3_HOSTS": ",".join(f"{e.address}:2379" for e in self._etcd),
            "PATRONI_POSTGRESQL_CONNECT_ADDRESS": f"{address}:5432",
            "PATRONI_RESTAPI_CONNECT_ADDRESS": f"{address}:8008",
        }


class Ensemble:
    """Three machines, each with etcd and a database server."""

    def __init__(self, members: list[Member], etcd: list[Etcd]) -> None:
        self.members = members
        self.etcd = etcd

    def url(self, function: str) -> str:
        """Return where a function finds whichever of the servers takes writes."""
        role = function_role(function)
        addresses = ",".join(member.host.address for member in self.members)
        return f"postgresql://{role}@{addresses}:5432/minitwit"

    def primaries(self) -> list[Member]:
        """Return the servers that take writes."""
        return [member for member in self.members if member.is_primary]

    def primary(self) -> Member:
        """Wait until exactly one server takes writes."""

        def only() -> Member | None:
            found = self.primaries()
            return found[0] if len(found) == 1 else None

        return wait_until(only, self.explain, PATIENCE)

    def wait_for_standbys(self, count: int) -> None:
        """Wait until so many standbys stream from the primary."""
        query = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
        wait_until(
            lambda: self.primary().query(query) == str(count), self.explain, PATIENCE
        )

    def synchronous_standby(self) -> Member:
        """Wait until a standby may be promoted without a loss, and return it.

        PostgreSQL lets commits wait for it two seconds before Patroni knows that.
        """

        def found() -> Member | None:
            roles = self.primary().roles()
            waited_for = (
                m for m in self.members if roles.get(m.host.name) == "sync_standby"
            )
            return next(waited_for, None)

        return wait_until(found, self.explain, PATIENCE)

    def wait_for_end_of_failsafe_mode(self) -> None:
        """Wait until servers elect a primary again: a lock's TTL after etcd is back."""
        wait_until(
            lambda: not any(member.is_in_failsafe_mode() for member in self.members),
            self.explain,
            PATIENCE,
        )

    def start(self) -> None:
        """Start everything that does not run."""
        for etcd in self.etcd:
            etcd.start()
        for member in self.members:
            member.start()

    def start_on(self, host: Host) -> None:
        """Start what is on a machine that was lost."""
        for etcd in self.etcd:
            if etcd.host is host:
                etcd.start()
        for member in self.members:
            if member.host is host:
                member.start()

    def explain(self) -> str:
        """Return the ends of the logs."""
        logs = [m.log for m in self.members] + [e.log for e in self.etcd]
        return "one primary with its standbys\n" + "\n".join(
            f"--- {log.name}\n{log.read_text()[-1500:]}" for log in logs if log.exists()
        )


@contextmanager
def running_ensemble(folder: Path, servers: int, etcd: int) -> Iterator[Ensemble]:
    """Run database servers and members of etcd until the block ends."""
    with ExitStack() as stack:
        machines = stack.enter_context(hosts(max(servers, etcd)))
        account = server_account(folder / "none")
        # In memory: etcd flushes each write, and a busy disk would cost it its leader.
        store = stack.enter_context(short_folder(_MEMORY))
        work = folder / "patroni"
        work.mkdir()
        os.chown(work, account.uid, account.gid)
        shipped = _without_tls((_SHIPPED / "postgresql.conf").read_text("utf-8"))
        (work / "postgresql.conf").write_text(
            f"{shipped}\nshared_buffers = 32MB\narchive_mode = off\n"
        )
        rules = (_SHIPPED / "pg_hba.conf").read_text(encoding="utf-8")
        (work / "pg_hba.conf").write_text(rules.replace("hostssl", "host"))
        members = []
        for host in machines[:servers]:
            home = folder / host.name / "18"
            home.mkdir(parents=True)
            sockets = stack.enter_context(short_folder())
            for path in (home.parent, home, sockets):
                os.chown(path, account.uid, account.gid)
            cluster = Cluster(home / "docker", folder / "secrets", sockets)
            members.append(Member(host, cluster, machines[:etcd], work))
        write_secrets(members[0].cluster, work / "secrets")
        stores = [Etcd(host, machines[:etcd], store) for host in machines[:etcd]]
        yield Ensemble(members, stores)


def _without_tls(settings: str) -> str:
    """Remove what the wheel's PostgreSQL, which has no OpenSSL, cannot do.

    There is no certificate then, and so none for Patroni's own requests.
    """
    tls = r"^ssl.*\n|^  certfile: .*\n|^ctl:\n  cacert: .*\n|, sslmode: [^}]*"
    removed = re.sub(tls, "", settings, flags=re.MULTILINE)
    assert removed != settings
    return removed


def write_secrets(cluster: Cluster, folder: Path) -> None:
    """Write the passwords as the Swarm would mount them."""
    folder.mkdir()
    owner = folder.parent.stat()
    roles = {"superuser": SUPERUSER, "owner": OWNER, "monitor": "minitwit_monitor"}
    for name, role in roles.items():
        file = folder / f"{name}_password"
        file.write_text(cluster.password_file(role).read_text())
        os.chown(file, owner.st_uid, owner.st_gid)
