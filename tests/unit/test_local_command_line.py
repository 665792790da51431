"""Errors of the local run's commands: one sentence, no traceback, status 1."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


def local_run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command, *rest = arguments
    words = [sys.executable, "-m", "deploy.local", command, "--folder", str(folder)]
    return subprocess.run(
        [*words, *rest],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
    )


def refusal(folder: Path, *arguments: str) -> str:
    """Run a command that is refused, and return its one sentence."""
    result = local_run(folder, *arguments)
    assert result.returncode == 1
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("Error: ")
    return line


def test_a_port_in_use_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert f"Port {port} is in use" in refusal(tmp_path, "up", f"--port={port}")
    assert not (tmp_path / "postgres").exists()


@pytest.mark.parametrize(
    "port", ["abc", "", "5000.0", "-1", "65536", "99999999999", "٥٠٠٠", "5 000"]
)
def test_an_invalid_port_is_refused_with_a_sentence(tmp_path: Path, port: str) -> None:
    said = refusal(tmp_path, "up", f"--port={port}")
    assert said.startswith(f"Error: PORT: {port!r} is not a number from 1 to 65535")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", ["9" * 5000, "1" * 4, "²", ""])
def test_an_invalid_number_of_replicas_is_refused(tmp_path: Path, number: str) -> None:
    assert "has no number from 1 to 20" in refusal(
        tmp_path, "up", "--scale", f"timeline={number}"
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-16", "koi8-r"])
def test_a_sentence_fits_into_any_encoding(tmp_path: Path, encoding: str) -> None:
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "deploy.local",
            "status",
            "--folder",
            tmp_path / "Žluť…",
        ],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        timeout=60,
    )
    # click writes UTF-8 where it is given ASCII.
    assert "start it with `make up`" in result.stderr.decode(encoding, "replace")


def test_an_unknown_function_is_refused_before_anything_starts(tmp_path: Path) -> None:
    assert "no function 'home'" in refusal(tmp_path, "up", "--scale", "home=2")
    assert list(tmp_path.iterdir()) == []


def test_a_foreign_data_folder_is_refused_and_kept(tmp_path: Path) -> None:
    thesis = tmp_path / "postgres" / "thesis.tex"
    thesis.parent.mkdir()
    thesis.write_text("all of it")
    assert "not of PostgreSQL" in refusal(tmp_path, "up", "--port=0")
    assert thesis.read_text() == "all of it"


def test_a_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("")
    assert "logs cannot be made" in refusal(tmp_path, "up", "--port=0")


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can change the owner of a folder"
)
def test_a_folder_of_another_account_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)
    assert "belongs to another account" in refusal(tmp_path, "up", "--port=0")


def test_a_path_that_the_supervisor_cannot_read_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "C #"
    assert "rename the folder" in refusal(folder, "up", "--port=0")


@pytest.mark.parametrize(
    "command", [("status",), ("scale", "timeline=2"), ("minitwit", "flag", "1")]
)
def test_a_command_without_a_running_system_is_refused(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    assert "start it with `make up`" in refusal(tmp_path, *command)


def test_the_environment_of_another_checkout_is_not_cleared(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "kept").write_text("")
    copy = copied(tmp_path / "copy")
    (copy / ".venv").symlink_to(other)
    result = subprocess.run(
        [copy / "deploy/local/setup", sys.executable],
        env={"PATH": os.environ["PATH"], "PIP_NO_INDEX": "1"},
        capture_output=True,
        text=True,
    )
    assert "The dependencies could not be installed" in result.stderr
    assert (copy / ".venv/bin/python").exists()
    assert [entry.name for entry in other.iterdir()] == ["kept"]


def copied(folder: Path) -> Path:
    """Copy the set-up and what it installs."""
    for name in ("deploy/local/setup", "deploy/requirements-dev.txt", "pyproject.toml"):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, target)
    return folder


def setup_in(folder: Path, *arguments: str, path: str, **variables: str) -> str:
    """Run the set-up in a copy without .venv, and return its error message."""
    copied(folder)
    result = subprocess.run(
        [folder / "deploy/local/setup", *arguments],
        env={"PATH": path, **variables},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert not (folder / ".venv").exists()
    return result.stderr


def fake_python(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def tools(folder: Path) -> str:
    """Return a PATH with what the script needs and no Python."""
    folder.mkdir(exist_ok=True)
    for name in ("cat", "cksum", "head", "tail", "dirname", "sh"):
        (folder / name).symlink_to(str(shutil.which(name)))
    return str(folder)


def test_without_python_the_error_says_what_to_install(tmp_path: Path) -> None:
    said = setup_in(tmp_path / "copy", path=tools(tmp_path / "bin"))
    assert said.startswith("Error: Python 3.11 or newer is needed: install it")


def test_a_python_that_is_too_old_is_refused(tmp_path: Path) -> None:
    path = tools(tmp_path / "bin")
    fake_python(tmp_path / "bin", "python3", "exit 1")
    assert "Python 3.11 or newer" in setup_in(tmp_path / "copy", path=path)
    old = str(tmp_path / "bin" / "python3")
    assert f"PYTHON={old} is not Python" in setup_in(tmp_path / "copy", old, path=path)


def test_the_callers_variables_do_not_reach_python(tmp_path: Path) -> None:
    path = tools(tmp_path / "bin")
    # Is new enough only without the variables, and has no venv.
    fake_python(
        tmp_path / "bin",
        "python3",
        '[ -z "${PYTHONHOME-}${PYTHONPATH-}${PIP_USER-}" ] || exit 1\n'
        'case "$2" in *venv*) exit 1;; esac',
    )
    hostile = {"PYTHONHOME": "/x", "PYTHONPATH": "/x", "PIP_USER": "1", "CDPATH": "/"}
    said = setup_in(tmp_path / "copy", path=path, **hostile)
    assert "apt install python3-venv" in said


def test_a_python_without_venv_is_refused_with_the_package_to_install(
    tmp_path: Path,
) -> None:
    path = tools(tmp_path / "bin")
    fake_python(
        tmp_path / "bin", "python3", 'case "$2" in *venv*) exit 1;; *) exit 0;; esac'
    )
    assert "apt install python3-venv" in setup_in(tmp_path / "copy", path=path)
