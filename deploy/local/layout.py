"""Where a local run keeps its things."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import LocalRunError
from deploy.local.postgres import Cluster

CHECKOUT = Path(__file__).resolve().parents[2]

# The kernel takes 107 bytes for the path of a Unix socket. PostgreSQL's is the longest
# name that we put into the folder.
_LONGEST_FOLDER = 107 - len("/postgres/.s.PGSQL.5432.lock")


@dataclass(frozen=True)
class Layout:
    """The folder of a local run: by default `.minitwit` in the checkout."""

    folder: Path

    @property
    def logs(self) -> Path:
        """One log for each program, and Traefik's access log."""
        return self.folder / "logs"

    @property
    def secrets(self) -> Path:
        """Generated passwords and keys, one a file."""
        return self.folder / "secrets"

    @property
    def run(self) -> Path:
        """What is written anew at each start."""
        return self.folder / "run"

    @property
    def lock(self) -> Path:
        """Held, and with the launcher's process id in it, while a system runs."""
        return self.folder / "lock"

    @property
    def state(self) -> Path:
        """What runs, for the commands that change or show it."""
        return self.run / "system.json"

    @property
    def supervisor_configuration(self) -> Path:
        """What supervisord reads; `supervisorctl -c` takes it as well."""
        return self.run / "supervisord.conf"

    @property
    def traefik_configuration(self) -> Path:
        """What Traefik reads at its start."""
        return self.run / "traefik.yml"

    @property
    def routes(self) -> Path:
        """What Traefik reads again whenever it changes."""
        return self.run / "routes.yml"

    @property
    def sockets(self) -> Path:
        """The folder of the Unix sockets, elsewhere when the usual one is too long."""
        usual = self.run / "sockets"
        if len(os.fsencode(usual)) <= _LONGEST_FOLDER:
            return usual
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"minitwit-{os.geteuid()}-{digest}"

    @property
    def supervisor_socket(self) -> Path:
        """Where supervisord listens."""
        return self.sockets / "supervisor"

    @property
    def cluster(self) -> Cluster:
        """The PostgreSQL whose data outlives the run."""
        return Cluster(
            self.folder / "postgres",
            self.secrets,
            self.sockets / "postgres",
        )

    def make_folders(self) -> None:
        """Make what is not there yet.

        Raises:
            LocalRunError: a folder is not ours.

        """
        try:
            for folder in (self.logs, self.run, self.sockets):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LocalRunError(
                f"{error.filename} cannot be made ({error.strerror}): move what stands "
                "in its way, or run as the account that owns the folder."
            ) from None
        for folder in (self.folder, self.sockets):
            # In /tmp anybody may have put a link of that name.
            if folder.lstat().st_uid != os.geteuid():
                raise LocalRunError(
                    f"{folder} belongs to another account: run as that account, or "
                    "move the folder away to start with an empty one."
                )
