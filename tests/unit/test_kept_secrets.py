"""Export of secrets by deploy/keep-secrets.sh, and import by deploy/bootstrap.sh.

Docker is the stand-in tests/fakes/docker, and the Swarm a folder.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.functions import FUNCTIONS

ROOT = Path(__file__).parents[2]
PASSWORDS = ("owner-password", "superuser-password")
KEY = "minitwit-backup-key-1"
REPOSITORY = "minitwit-backup-repository-1"
SERVICES = {
    "data_postgres": {
        **{f"minitwit-{name}-1": name.replace("-", "_") for name in PASSWORDS},
        "minitwit-backup-repository-2": "/etc/pgbackrest/conf.d/repository.conf",
        KEY: "backup_key",
    },
    "minitwit_timeline": {
        "minitwit-timeline-password-1": "database_password",
        "minitwit-session-keys-1": "session_keys",
    },
    "tools_alertmanager": {"minitwit-chat-webhook-1": "chat_webhook"},
}
OF_THE_DATABASE = set(SERVICES["data_postgres"])
OF_THE_FUNCTIONS = set(SERVICES["minitwit_timeline"])
OF_THE_TOOLS = set(SERVICES["tools_alertmanager"])
CERTIFICATE = ("minitwit-database-ca-1", "minitwit-database-certificate-1")
# Older versions, which no service uses any more.
OLDER = {REPOSITORY}


class Swarm:
    """A Swarm of two droplets, and a folder for its secrets."""

    def __init__(self, folder: Path) -> None:
        self.kept = folder / "kept"
        self.secrets = folder / "secrets"
        self.engines = folder / "engines"
        self._folder = folder
        self.kept.mkdir()
        self.secrets.mkdir()
        (folder / "services").mkdir()
        (folder / "bin").mkdir()
        shutil.copy(ROOT / "tests/fakes/docker", folder / "bin")
        for engine in ("here", "tool"):
            (self.engines / engine).mkdir(parents=True)
        for service, secrets in SERVICES.items():
            lines = "".join(f"{name} {path}\n" for name, path in secrets.items())
            (folder / "services" / service).write_text(lines)

    def has(self, *names: str) -> None:
        """Create secrets."""
        for name in names:
            (self.secrets / name).write_text(f"content of {name}\n")

    def runs(self, service: str, engine: str = "here", name: str | None = None) -> None:
        """Run a container of a service."""
        (self.engines / engine / (name or service)).write_text(service)

    def keep(self, *engines: str) -> subprocess.CompletedProcess[str]:
        """Run keep-secrets.sh."""
        return self._run("keep-secrets.sh", str(self.kept), *engines)

    def bootstrap(self, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run bootstrap.sh."""
        return self._run("bootstrap.sh", **variables)

    def rotate(self, kind: str) -> subprocess.CompletedProcess[str]:
        """Run rotate.sh."""
        return self._run("rotate.sh", kind)

    def environment(self, variable: str) -> str:
        """Return a variable of environment.sh."""
        script = f'set -euo pipefail; . deploy/environment.sh; echo "${variable}"'
        done = self._run_command(["bash", "-c", script])
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def mounts(self, service: str, **secrets: str) -> None:
        """Deploy a service with secrets, by the names of their files."""
        lines = "".join(f"{name} {file}\n" for file, name in secrets.items())
        (self._folder / "services" / service).write_text(lines)

    def names(self) -> set[str]:
        """Return the names of its secrets."""
        return {path.name for path in self.secrets.iterdir()}

    def kept_names(self) -> set[str]:
        """Return the names of the secrets that are kept."""
        return {path.name for path in self.kept.iterdir()}

    def _run(
        self, script: str, *words: str, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return self._run_command([ROOT / "deploy" / script, *words], **variables)

    def _run_command(
        self, command: Sequence[str | Path], **variables: str
    ) -> subprocess.CompletedProcess[str]:
        path = f"{self._folder / 'bin'}:{os.environ['PATH']}"
        return subprocess.run(
            command,
            cwd=ROOT,
            env={"PATH": path, "SWARM": str(self._folder), **variables},
            capture_output=True,
            text=True,
            timeout=60,
        )


@pytest.fixture
def swarm(tmp_path: Path) -> Swarm:
    swarm = Swarm(tmp_path)
    swarm.has(*OF_THE_DATABASE, *OF_THE_FUNCTIONS, *OF_THE_TOOLS, *OLDER)
    return swarm


@pytest.fixture
def new_swarm(tmp_path: Path) -> Swarm:
    """Return a Swarm without secrets, whose `ssh-keygen` is a stand-in."""
    swarm = Swarm(tmp_path)
    keygen = tmp_path / "bin" / "ssh-keygen"
    keygen.write_text(
        '#!/bin/sh\nfor file; do :; done\necho key > "$file"\n'
        'echo ssh-ed25519 AAAA minitwit > "$file.pub"\n'
    )
    keygen.chmod(0o755)
    return swarm


def keep_all(swarm: Swarm, *but: str) -> None:
    for name in (OF_THE_DATABASE | OF_THE_FUNCTIONS) - set(but):
        (swarm.kept / name).write_text(f"content of {name}\n")


# ---- keep-secrets.sh


def test_all_secrets_are_kept_from_both_droplets(swarm: Swarm) -> None:
    swarm.runs("data_postgres")
    swarm.runs("minitwit_timeline")
    swarm.runs("tools_alertmanager", "tool")
    done = swarm.keep("tool")
    assert (done.returncode, done.stderr) == (0, "")
    assert swarm.kept_names() == OF_THE_DATABASE | OF_THE_FUNCTIONS | OF_THE_TOOLS
    for path in swarm.kept.iterdir():
        assert path.read_text() == f"content of {path.name}\n"
        assert path.stat().st_mode & 0o077 == 0


def test_the_tools_secrets_are_reported_when_their_droplet_was_not_named(
    swarm: Swarm,
) -> None:
    swarm.runs("data_postgres")
    swarm.runs("minitwit_timeline")
    swarm.runs("tools_alertmanager", "tool")
    done = swarm.keep()
    assert done.returncode == 0
    [line] = done.stderr.splitlines()
    assert line.startswith("minitwit-chat-webhook-1 could not be read: ")
    assert "name the tool droplet's engine" in line


def test_a_database_server_that_does_not_run_is_a_failure(swarm: Swarm) -> None:
    swarm.runs("minitwit_timeline")
    swarm.runs("tools_alertmanager")
    done = swarm.keep()
    assert done.returncode == 1
    *lines, last = done.stderr.splitlines()
    assert {line.split()[0] for line in lines} == OF_THE_DATABASE
    assert all("while a database server runs here" in line for line in lines)
    assert "cannot be restored without minitwit-backup-key-1 minitwit-backup-" in last
    swarm.runs("data_postgres", "tool")
    assert swarm.keep("tool").returncode == 0


@pytest.mark.parametrize(
    ("unread", "others"),
    [
        ("minitwit-session-keys-10", "minitwit-session-keys-9"),
        # Nothing mounts the password of 0.1.0 any more, so it is not asked for.
        ("minitwit-follow-password-1", "minitwit-database-password-1"),
    ],
)
def test_a_functions_secret_that_is_not_released_yet_is_no_failure(
    swarm: Swarm, unread: str, others: str
) -> None:
    swarm.runs("data_postgres")
    swarm.runs("minitwit_timeline")
    swarm.runs("tools_alertmanager")
    swarm.has(unread, others)
    done = swarm.keep()
    assert done.returncode == 0
    [line] = done.stderr.splitlines()
    assert line.startswith(f"{unread} could not be read: release, ")


def test_a_secret_that_was_read_in_part_is_not_kept(swarm: Swarm) -> None:
    swarm.runs("data_postgres", name="broken")
    (swarm.kept / KEY).touch()  # As earlier versions left it.
    assert swarm.keep().returncode == 1
    assert swarm.kept_names() == {KEY}
    swarm.runs("data_postgres")
    assert swarm.keep().returncode == 0
    assert swarm.kept_names() == OF_THE_DATABASE
    assert (swarm.kept / KEY).read_text().startswith("content")


# ---- bootstrap.sh


def test_a_new_swarm_gets_the_secrets_that_were_kept(new_swarm: Swarm) -> None:
    keep_all(new_swarm)
    done = new_swarm.bootstrap(MINITWIT_KEPT_SECRETS=str(new_swarm.kept))
    assert done.returncode == 0, done.stderr
    for path in new_swarm.kept.iterdir():
        assert (new_swarm.secrets / path.name).read_text() == path.read_text()
    made = {"minitwit-sentry-dsn-1", "minitwit-grafana-password-1"}
    made |= {"minitwit-monitor-password-1", *CERTIFICATE}
    made |= {f"minitwit-{name}-password-1" for name in FUNCTIONS if name != "timeline"}
    assert new_swarm.names() == new_swarm.kept_names() | made


@pytest.mark.parametrize("name", sorted(OF_THE_DATABASE - {KEY}))
@pytest.mark.parametrize("left", [True, False], ids=["empty", "absent"])
def test_no_new_secret_takes_the_place_of_one_that_was_not_kept(
    new_swarm: Swarm, name: str, left: bool
) -> None:
    keep_all(new_swarm, name)
    if left:
        (new_swarm.kept / name).touch()
    done = new_swarm.bootstrap(MINITWIT_KEPT_SECRETS=str(new_swarm.kept))
    assert done.returncode == 1
    assert f"lacks {name.rpartition('-')[0]}-N. Copy the files " in done.stderr
    assert new_swarm.names() == new_swarm.kept_names() - {name}
    # The folder that has it is found.
    (new_swarm.kept / name).write_text(f"content of {name}\n")
    done = new_swarm.bootstrap(MINITWIT_KEPT_SECRETS=str(new_swarm.kept))
    assert done.returncode == 0, done.stderr
    assert (new_swarm.secrets / name).read_text() == f"content of {name}\n"


def test_a_folder_that_is_not_there_is_refused(new_swarm: Swarm) -> None:
    done = new_swarm.bootstrap(
        MINITWIT_KEPT_SECRETS="/nowhere", MINITWIT_NEW_INSTALLATION="yes"
    )
    assert done.returncode == 1
    assert done.stderr.startswith("There is no folder /nowhere: ")
    assert new_swarm.names() == set()


def test_a_new_installation_makes_what_its_folder_lacks(new_swarm: Swarm) -> None:
    done = new_swarm.bootstrap(
        MINITWIT_KEPT_SECRETS=str(new_swarm.kept), MINITWIT_NEW_INSTALLATION="yes"
    )
    assert done.returncode == 0, done.stderr
    assert {KEY, REPOSITORY} < new_swarm.names()
    assert "repo1-type=sftp" in (new_swarm.secrets / REPOSITORY).read_text()
    # sha256 of three zeros, as `AAAA` in the stand-in's public key means.
    fingerprint = "repo1-sftp-host-fingerprint=709e80c88487a2411e1ee4dfb9f22a86"
    assert fingerprint in (new_swarm.secrets / REPOSITORY).read_text()
    assert new_swarm.bootstrap().returncode == 0


# ---- bootstrap.sh, and one of the two secrets of the backups without the other


@pytest.mark.parametrize("new", ["yes", ""])
def test_an_own_repository_in_a_store_gets_the_key_that_the_stack_names(
    new_swarm: Swarm, new: str
) -> None:
    """Also on an installation that is older than its backups."""
    if not new:
        new_swarm.has(*(f"minitwit-{name}-1" for name in PASSWORDS))
    own = "[global]\nrepo1-cipher-pass=own\nrepo1-type=s3\n"
    (new_swarm.kept / REPOSITORY).write_text(own)
    variables = {"MINITWIT_KEPT_SECRETS": str(new_swarm.kept)}
    done = new_swarm.bootstrap(MINITWIT_NEW_INSTALLATION=new, **variables)
    assert done.returncode == 0, done.stderr
    assert (new_swarm.secrets / REPOSITORY).read_text() == own
    assert (new_swarm.secrets / KEY).read_text() == "key\n"
    # Again, with a folder that still has no key.
    assert new_swarm.bootstrap(**variables).returncode == 0
    assert (new_swarm.secrets / KEY).read_text() == "key\n"


@pytest.mark.parametrize("new", ["yes", ""])
def test_a_repository_that_is_known_by_its_key_gets_no_new_one(
    new_swarm: Swarm, new: str
) -> None:
    keep_all(new_swarm, KEY)
    variables = {"MINITWIT_KEPT_SECRETS": str(new_swarm.kept)}
    done = new_swarm.bootstrap(MINITWIT_NEW_INSTALLATION=new, **variables)
    assert done.returncode == 1
    assert "without minitwit-backup-key-N. Set MINITWIT_KEPT_SECRETS" in done.stderr
    assert new_swarm.names() == new_swarm.kept_names()
    (new_swarm.kept / KEY).write_text("as it was\n")
    assert new_swarm.bootstrap(**variables).returncode == 0
    assert (new_swarm.secrets / KEY).read_text() == "as it was\n"


@pytest.mark.parametrize("name", ["repository", "key"])
def test_a_swarm_that_has_one_of_the_two_gets_no_new_other(
    new_swarm: Swarm, name: str
) -> None:
    new_swarm.has(f"minitwit-backup-{name}-1")
    done = new_swarm.bootstrap()
    assert done.returncode == 1
    assert done.stderr.startswith(f"There is a minitwit-backup-{name}-N without ")
    assert new_swarm.names() == {f"minitwit-backup-{name}-1"}


# ---- The database's certificate


def authorities(swarm: Swarm, number: int) -> list[str]:
    """Return the certificates that clients trust by a version of their secret."""
    text = (swarm.secrets / f"minitwit-database-ca-{number}").read_text()
    assert "PRIVATE" not in text
    return [part for part in text.split("-----BEGIN CERTIFICATE-----\n") if part]


def test_clients_trust_the_new_certificate_and_the_one_before(
    new_swarm: Swarm, tmp_path: Path
) -> None:
    assert new_swarm.bootstrap().returncode == 0
    first = authorities(new_swarm, 1)
    assert len(first) == 1
    new_swarm.runs("minitwit_timeline")
    trusted = [first[0]]
    for number in (2, 3):
        current = f"minitwit-database-ca-{number - 1}"
        new_swarm.mounts("minitwit_timeline", database_ca=current)
        new_swarm.mounts(
            "data_postgres",
            database_certificate=f"minitwit-database-certificate-{number - 1}",
        )
        done = new_swarm.rotate("database-certificate")
        assert done.returncode == 0, done.stderr
        new, previous = authorities(new_swarm, number)
        assert previous == trusted[-1]
        assert new not in trusted
        trusted.append(new)
        # As if the next run, or a run before it, had broken off in between.
        new_swarm.has(f"minitwit-database-certificate-{number + 1}")
    certificate = new_swarm.secrets / "minitwit-database-certificate-3"
    authority = tmp_path / "ca.pem"
    for part, is_signed in ((trusted[2], True), (trusted[1], False)):
        authority.write_text(f"-----BEGIN CERTIFICATE-----\n{part}")
        command = ["openssl", "verify", "-CAfile", str(authority), str(certificate)]
        verified = subprocess.run(command, capture_output=True)
        assert (verified.returncode == 0) is is_signed


@pytest.mark.parametrize("name", CERTIFICATE)
def test_a_certificate_without_its_authority_gets_no_new_one(
    new_swarm: Swarm, name: str
) -> None:
    new_swarm.has(name)
    done = new_swarm.bootstrap()
    assert done.returncode == 1
    assert "only one of the secrets" in done.stderr
    assert new_swarm.names() & set(CERTIFICATE) == {name}


def test_a_certificate_has_the_names_of_the_stack_and_those_that_it_will_have(
    new_swarm: Swarm,
) -> None:
    names = "later_postgres later_standby"
    assert (
        new_swarm.bootstrap(DATA_STACK="own", CERTIFICATE_NAMES=names).returncode == 0
    )
    shown = subprocess.run(
        ["openssl", "x509", "-noout", "-ext", "subjectAltName"],
        input=(new_swarm.secrets / CERTIFICATE[1]).read_text(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert re.findall(r"DNS:(\w+)", shown) == [
        *("own_postgres", "own_standby"),
        *names.split(),
    ]


def test_servers_get_no_certificate_that_a_client_does_not_trust_yet(
    new_swarm: Swarm,
) -> None:
    """Whoever deploys the data stack too early keeps the certificate that it has."""
    new_swarm.has(*(f"minitwit-database-certificate-{n}" for n in (1, 2, 10)))
    new_swarm.has(*(f"minitwit-database-ca-{n}" for n in (1, 2, 10)))
    # The functions of 0.1.0 know no TLS, and a new installation has none.
    newest = "minitwit-database-certificate-10"
    assert new_swarm.environment("DATABASE_CERTIFICATE_SECRET") == newest
    clients = [*(f"minitwit_{name}" for name in FUNCTIONS), "tools_postgres-exporter"]
    for client in clients:
        new_swarm.mounts(client, database_ca="minitwit-database-ca-2")
    for client in clients:
        current = new_swarm.environment("DATABASE_CERTIFICATE_SECRET")
        assert current == "minitwit-database-certificate-2"
        new_swarm.mounts(client, database_ca="minitwit-database-ca-10")
    assert new_swarm.environment("DATABASE_CERTIFICATE_SECRET") == newest


def test_a_certificate_is_replaced_before_the_next_one_is_made(
    new_swarm: Swarm,
) -> None:
    """The servers' would not be trusted by clients that trust the two newest."""
    assert new_swarm.bootstrap().returncode == 0
    new_swarm.runs("minitwit_timeline")
    new_swarm.mounts("minitwit_timeline", database_ca=CERTIFICATE[0])
    new_swarm.mounts("data_postgres", database_certificate=CERTIFICATE[1])
    assert new_swarm.rotate("database-certificate").returncode == 0
    done = new_swarm.rotate("database-certificate")
    assert done.returncode == 1
    assert "do not have minitwit-database-certificate-2 yet: release" in done.stderr
    assert "minitwit-database-ca-3" not in new_swarm.names()


def test_rotation_needs_a_replica_and_a_kind(new_swarm: Swarm) -> None:
    for kind, reason in (
        ("database-certificate", "No replica of timeline"),
        ("nonsense", "usage: deploy/rotate.sh session-keys|database-certificate"),
    ):
        done = new_swarm.rotate(kind)
        assert done.returncode == 1
        assert reason in done.stderr
        assert new_swarm.names() == set()
