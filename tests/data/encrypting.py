"""A PostgreSQL with OpenSSL, which the wheel's lacks, and certificates for it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.accounts import server_account
from deploy.local.ports import free_ports
from deploy.local.postgres import DATABASE, Cluster
from minitwit.postgres.roles import OWNER
from tests.certificates import Certificate, make_certificate
from tests.clusters import migrate
from tests.data.needs import needs
from tests.data.replication import superuser
from tests.data.servers import Server, let_in_over_tcp, short_folder
from tests.data.writing import ROOT
from tests.waiting import wait_until

_PROGRAM = ROOT / ".artifacts/postgresql/usr/lib/postgresql/18/bin/postgres"
_RULES = ROOT / "deploy/data/pg_hba.conf"
HOST = "localhost"

needs_openssl = needs(
    None
    if _PROGRAM.exists()
    else "PostgreSQL with OpenSSL is missing: tests/data/install-postgres"
)


@dataclass(frozen=True)
class EncryptingCluster(Cluster):
    """A data folder that a server with OpenSSL serves, over TCP as well.

    Args:
        port: of the server, also in the name of its Unix socket.
        requires_tls: as in production; otherwise plain connections work, too.

    """

    port: int = field(kw_only=True)
    requires_tls: bool = True

    def url(self, role: str = OWNER, database: str = DATABASE) -> str:
        """Return the URL of a database over the Unix socket."""
        return super().url(role, database).replace("@/", f"@:{self.port}/")

    def tcp_url(
        self, role: str = OWNER, host: str = HOST, database: str = DATABASE
    ) -> str:
        """Return the URL of a database over TCP."""
        return f"postgresql://{role}@{host}:{self.port}/{database}"

    def command(self) -> list[str]:
        """Return the server's command line, with the rules of production."""
        command = [
            str(_PROGRAM) if word.endswith("/bin/postgres") else word
            for word in super().command()
        ]
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "ssl": "on",
            "ssl_cert_file": self.certificate,
            "ssl_key_file": self.certificate,
            "ssl_min_protocol_version": "TLSv1.3",
        }
        if self.requires_tls:
            options["hba_file"] = _RULES
        return [*command, *(f"--{name}={value}" for name, value in options.items())]

    @property
    def certificate(self) -> Path:
        """The file with the server's key and certificate."""
        return self.data / "server.pem"

    def use(self, certificate: Certificate) -> None:
        """Give the server a certificate, for its next start or reload."""
        # Renamed, as a server may be reading it.
        new = self.certificate.with_suffix(".new")
        shutil.copy(certificate.server, new)
        account = server_account(self.data)
        shutil.chown(new, account.uid, account.gid)
        new.rename(self.certificate)


@dataclass(frozen=True)
class EncryptingServer:
    """A running server, and the authority of its certificate."""

    server: Server
    cluster: EncryptingCluster
    certificate: Certificate

    def environment(self, role: str = OWNER, host: str = HOST) -> dict[str, str]:
        """Return the variables by which a process connects over TLS."""
        return self.cluster.environment(role) | {
            "MINITWIT_DATABASE_URL": self.cluster.tcp_url(role, host),
            "MINITWIT_DATABASE_CA_FILE": str(self.certificate.ca),
        }

    def use(self, certificate: Certificate) -> None:
        """Replace the certificate of the running server."""
        loaded = "SELECT pg_conf_load_time()"
        before = superuser(self.server, loaded)
        self.cluster.use(certificate)
        superuser(self.server, "SELECT pg_reload_conf()")
        # The server that new connections come from has read it before this one.
        wait_until(lambda: superuser(self.server, loaded) != before)


@contextmanager
def encrypting_server(
    folder: Path, requires_tls: bool = True
) -> Iterator[EncryptingServer]:
    """Run a migrated server with TLS until the block ends."""
    certificate = make_certificate(folder / "certificate", HOST)
    with short_folder() as sockets, free_ports(1) as [port]:
        cluster = EncryptingCluster(
            *(folder / "postgres", folder / "secrets", sockets),
            port=port,
            requires_tls=requires_tls,
        )
        cluster.create()
        if not requires_tls:
            let_in_over_tcp(cluster)
        cluster.use(certificate)
        server = Server(cluster, folder / "postgres.log")
        server.start()
        try:
            migrate(cluster)
            yield EncryptingServer(server, cluster, certificate)
        finally:
            server.stop()
