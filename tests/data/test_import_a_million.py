"""`minitwit import-sqlite` imports a million messages in constant memory."""

import hmac
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from deploy.local.postgres import running_cluster
from minitwit.postgres.database import Database
from minitwit.postgres.roles import OWNER
from minitwit.users import Users
from tests.clusters import migrate, rows, settings
from tests.legacy_file import HASH, Import

MINITWIT = Path(sys.executable).with_name("minitwit")

# The file is made in a few seconds.
USERS, MESSAGES, FOLLOWS = 100_000, 1_000_000, 300_000
MAX_MEMORY = 150 * 1024 * 1024  # bytes
SIGNING_IN = (0, USERS // 2, USERS - 1)


def test_a_million_messages_are_imported_in_constant_memory(
    tmp_path: Path, measured: Callable[[str], None]
) -> None:
    with running_cluster(tmp_path, durable=True) as cluster:
        migrate(cluster)
        old = Import(cluster, tmp_path)
        fill(old)
        summary, memory = measured_import(old)
        measured(f"import: {summary} At most {memory / 2**20:.0f} MiB of memory.")
        counts = "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM messages)"
        assert rows(cluster, counts) == [(USERS, MESSAGES)]
        assert memory <= MAX_MEMORY
        with closing(Database(settings(cluster, OWNER))) as database:
            for i in SIGNING_IN:
                verified = Users(database).sign_in(f"user {i}", f"secret {i}")
                assert verified.account.id == i + 1


def measured_import(old: Import) -> tuple[str, int]:
    """Return the command's last line, and its peak memory in bytes."""
    process = subprocess.Popen(
        [MINITWIT, "import-sqlite", old.file],
        env=old.cluster.environment(),
        cwd=old.file.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    with process.stdout:
        output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return output.strip().splitlines()[-1], usage.ru_maxrss * 1024


def fill(old: Import) -> None:
    """Fill the file; the users who sign in later get real hashes."""
    with closing(old.open()) as file, file:
        file.executemany(
            "INSERT INTO user VALUES (?, ?, ?, ?)",
            (
                (i + 1, f"user {i}", f"{i}@x", keyed(i) if i in SIGNING_IN else HASH)
                for i in range(USERS)
            ),
        )
        file.executemany(
            "INSERT INTO follower VALUES (?, ?)",
            (
                (i % USERS + 1, (i * 7919 + i // USERS) % USERS + 1)
                for i in range(FOLLOWS)
            ),
        )
        file.executemany(
            "INSERT INTO message VALUES (?, ?, ?, ?, 0)",
            (
                (i + 1, i * 31 % USERS + 1, f"message {i} says what people say", i)
                for i in range(MESSAGES)
            ),
        )


def keyed(number: int) -> str:
    """Return what werkzeug 0.9 wrote for a user's password."""
    form = "sha1$salt$"
    digest = hmac.digest(b"salt", f"secret {number}".encode(), "sha1").hex()
    return form + digest
