"""The command line: numbers out of range are refused, any encoding can be printed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from minitwit_cli.commands import main
from tests.fakes.http_service import serving

MINITWIT = Path(sys.executable).with_name("minitwit")

SIMULATE = ("simulate", "-", "--url", "http://localhost:1")
STATUS = ("status", "--url", "http://localhost:1")


@pytest.mark.parametrize(
    "arguments",
    [
        ("flag", "99999999999999999999"),
        ("flag", "9223372036854775808"),
        ("flag", "0"),
        ("flag", "9" * 5000),
        ("flag", "1.0"),
        ("flag", "one"),
        ("unflag", "99999999999999999999"),
        ("unflag", "--", "-1"),
        (*STATUS, "--timeout", "nan"),
        (*STATUS, "--timeout", "inf"),
        (*STATUS, "--timeout", "1e+300"),
        (*STATUS, "--timeout", "0"),
        (*SIMULATE, "--timeout", "nan"),
        (*SIMULATE, "--timeout", "inf"),
        (*SIMULATE, "--timeout", "-1"),
        (*SIMULATE, "--speed", "nan"),
        (*SIMULATE, "--speed", "inf"),
        (*SIMULATE, "--speed", "1e-320"),
        (*SIMULATE, "--concurrency", "257"),
        (*SIMULATE, "--concurrency", "1e3"),
        ("generate-scenario", "--users", "99999999999999999999"),
        ("generate-scenario", "--actions", "99999999999999999999"),
        ("generate-scenario", "--seed", "1.5"),
    ],
    ids=" ".join,
)
def test_a_number_out_of_range_is_refused(arguments: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith("Error: Invalid value for ")
    assert arguments[-1] in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "url",
    [
        "localhost:5000",
        "http://[",
        "http://localhost:99999",
        "http://localhost:x",
        "ftp://localhost",
        "http://",
        "",
        "http://user:pw@localhost",
        "http://localhost?x=1",
        "http://localhost#x",
    ],
)
@pytest.mark.parametrize("command", ["simulate", "status"])
def test_an_address_that_is_none_is_refused_with_a_sentence(
    command: str, url: str, tmp_path: Path
) -> None:
    scenario = tmp_path / "scenario.tsv"
    scenario.write_text("0\t0\t0\ttweet\ta\tb\n")
    files = [str(scenario)] if command == "simulate" else []
    result = CliRunner().invoke(main, [command, *files, "--url", url])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {url!r}")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "command", ["grant-moderator", "revoke-moderator", "suspend", "unsuspend"]
)
def test_a_name_that_is_not_utf8_is_refused(command: str) -> None:
    result = CliRunner().invoke(main, [command, "a\udcff"])
    assert result.exit_code == 2
    assert "is not UTF-8" in result.stderr


def test_a_proxy_of_the_environment_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://nowhere.example:9")
    monkeypatch.setenv("HTTP_PROXY", "http://nowhere.example:9")
    with serving(lambda _request: (200, b"{}")) as url:
        result = CliRunner().invoke(main, ["status", "--url", url])
    assert "/public" in result.stdout
    assert "none" not in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("generate-scenario",),
        ("generate-scenario", "--output", "/dev/full"),
    ],
    ids=" ".join,
)
def test_a_full_disk_is_a_sentence_and_a_device_stays_one(
    arguments: tuple[str, ...],
) -> None:
    with Path("/dev/full").open("wb") as full:
        said = subprocess.run(
            [MINITWIT, *arguments], stdout=full, stderr=subprocess.PIPE, timeout=60
        )
    assert said.returncode == 1
    assert said.stderr == b"Error: No space left on device.\n"
    assert Path("/dev/full").is_char_device()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-16"])
def test_output_fits_into_any_encoding(encoding: str, tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.tsv"
    scenario.write_text("0\t0\t0\ttweet\tŽluť…\t😀\n", encoding="utf-8")
    with serving(lambda _request: (500, "ž…😀".encode())) as url:
        said = subprocess.run(
            [MINITWIT, "simulate", scenario, "--url", url],
            env={**os.environ, "PYTHONIOENCODING": encoding},
            capture_output=True,
            timeout=60,
        )
    assert said.returncode == 1
    assert b"Traceback" not in said.stderr
    assert "1 actions in" in said.stdout.decode(encoding, "replace")


def test_bash_completes_a_command_and_an_option() -> None:
    script = """
    eval "$(minitwit completion bash)"
    complete_last() {
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
        _minitwit_completion minitwit
        echo "${COMPREPLY[@]}"
    }
    complete_last minitwit grant-
    complete_last minitwit migrate --rename
    """
    path = f"{MINITWIT.parent}:{os.environ['PATH']}"
    result = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.splitlines() == ["grant-moderator", "--rename-reserved"]


@pytest.mark.parametrize(
    ("shell", "registration"),
    [
        ("bash", "complete -o nosort -F _minitwit_completion minitwit"),
        ("fish", "complete --no-files --command minitwit"),
        ("zsh", "compdef _minitwit_completion minitwit"),
    ],
)
def test_each_shell_has_a_completion_script(shell: str, registration: str) -> None:
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0
    assert registration in result.stdout
    assert "_MINITWIT_COMPLETE" in result.stdout
