"""Paths of a local run's files."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import LocalRunError

CHECKOUT = Path(__file__).resolve().parents[2]

# The kernel takes 107 bytes for the path of a Unix socket; PostgreSQL's name is the
# longest one in the folder.
_LONGEST_FOLDER = 107 - len("/postgres/.s.PGSQL.5432.lock")


@dataclass(frozen=True)
class Paths:
    """The folder of a local run: by default `.minitwit` in the checkout."""

    folder: Path

    @property
    def logs(self) -> Path:
        """The folder of the programs' logs and of Traefik's access log."""
        return self.folder / "logs"

    @property
    def secrets(self) -> Path:
        """The folder of generated passwords and keys, one a file."""
        return self.folder / "secrets"

    @property
    def run(self) -> Path:
        """The folder of what is written anew at each start."""
        return self.folder / "run"

    @property
    def lock(self) -> Path:
        """The file that is locked during a run, with the launcher's process id."""
        return self.folder / "lock"

    @property
    def state(self) -> Path:
        """The ports and replicas of what runs, as JSON."""
        return self.run / "system.json"

    @property
    def supervisor_configuration(self) -> Path:
        """The configuration of supervisord and `supervisorctl -c`."""
        return self.run / "supervisord.conf"

    @property
    def traefik_configuration(self) -> Path:
        """The configuration that Traefik reads once, at its start."""
        return self.run / "traefik.yml"

    @property
    def traefik_dynamic(self) -> Path:
        """The folder whose files Traefik reads again whenever one changes."""
        return self.run / "traefik"

    @property
    def routes(self) -> Path:
        """The part of Traefik's dynamic configuration that names the replicas."""
        return self.traefik_dynamic / "routes.yml"

    @property
    def limits(self) -> Path:
        """The part that limits the requests of one address."""
        return self.traefik_dynamic / "limits.yml"

    @property
    def sockets(self) -> Path:
        """The folder of the Unix sockets; in /tmp if its usual path is too long."""
        usual = self.run / "sockets"
        if len(os.fsencode(usual)) <= _LONGEST_FOLDER:
            return usual
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        # Not the caller's TMPDIR: `make status` may be started with another one.
        return Path("/tmp") / f"minitwit-{os.geteuid()}-{digest}"  # noqa: S108

    @property
    def supervisor_socket(self) -> Path:
        """The Unix socket of supervisord's API."""
        return self.sockets / "supervisor"

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder, which outlives the run."""
        return self.folder / "postgres"

    @property
    def postgres_sockets(self) -> Path:
        """The folder of PostgreSQL's Unix socket."""
        return self.sockets / "postgres"

    def make_folders(self) -> None:
        """Make the folders that do not exist yet.

        Raises:
            LocalRunError: one cannot be made, or belongs to another account.

        """
        try:
            for folder in (self.logs, self.traefik_dynamic, self.sockets):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LocalRunError(
                f"{error.filename} cannot be made ({error.strerror}): make room or "
                "move what stands in its way, or run as the owner of the folder."
            ) from None
        for folder in (self.folder, self.sockets):
            # Any account may have put a link of that name into /tmp.
            if folder.lstat().st_uid != os.geteuid():
                raise LocalRunError(
                    f"{folder} belongs to another account: run as that account, or "
                    "move the folder to start with an empty one."
                )
