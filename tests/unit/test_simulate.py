"""The command `minitwit simulate` against an HTTP server."""

from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from click.testing import CliRunner, Result

from minitwit_cli.commands import main
from minitwit_cli.simulator.generator import generate
from minitwit_cli.simulator.report import percentile
from minitwit_cli.simulator.scenario import write
from tests.fakes.http_service import Answer, FakeMiniTwit, Request, serving

ACTIONS = 400


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "scenario.tsv"
    with path.open("wb") as file:
        write(generate(users=40, actions=ACTIONS, seed=3), file)
    return path


def simulate(
    scenario: Path, answer: Callable[[Request], Answer], *options: str
) -> Result:
    with serving(answer) as url:
        return run(scenario, url, *options)


def run(scenario: Path, url: str, *options: str) -> Result:
    arguments = ["simulate", str(scenario), "--url", url, "--timeout=10", *options]
    return CliRunner(env={"COLUMNS": "100"}).invoke(main, arguments)


def columns(result: Result, heading: str) -> list[str]:
    """Return the cells of a table's row, without the lines between them."""
    rows = (line.replace("│", " ").split() for line in result.stdout.splitlines())
    return next(row for row in rows if row[:1] == [heading])


@pytest.mark.parametrize("concurrency", [1, 16])
def test_a_service_that_keeps_the_contract_passes(
    scenario: Path, concurrency: int
) -> None:
    service = FakeMiniTwit()
    result = simulate(scenario, service, f"--concurrency={concurrency}")
    assert result.exit_code == 0, result.output
    assert columns(result, "all")[1:5] == ["400", "400", "0", "0"]
    assert columns(result, "register")[1:5] == ["40", "40", "0", "0"]
    assert columns(result, "204") == ["204", "400"]
    assert len(service.users) == 40
    assert f'"latest": {service.latest}' in result.stdout


def test_a_scenario_can_be_replayed_twice(scenario: Path) -> None:
    service = FakeMiniTwit()
    with serving(service) as url:
        run(scenario, url)
        result = run(scenario, url)
    assert result.exit_code == 0, result.output
    assert columns(result, "register")[1:5] == ["40", "0", "40", "0"]
    assert columns(result, "400") == ["400", "40"]


def test_failures_are_listed_up_to_a_limit(scenario: Path) -> None:
    result = simulate(scenario, broken)
    assert result.exit_code == 1
    assert columns(result, "all")[1:5] == ["400", "0", "0", "400"]
    assert columns(result, "500") == ["500", "400"]
    lines = [line for line in result.stdout.splitlines() if line.startswith("failed: ")]
    assert len(lines) == 20
    assert lines[0].startswith("failed: 0 register of ")
    assert lines[0].endswith(": 500 [red]broken[/red]")
    assert "… and 380 more failures" in result.stdout


def test_missed_time_outs_are_explained_with_what_to_try(scenario: Path) -> None:
    service = FakeMiniTwit()

    def late_once(request: Request) -> Answer:
        if request.target.endswith("latest=7"):
            stalled.wait()
        return service(request)

    stalled = Event()
    with serving(late_once) as url:
        result = run(scenario, url, "--concurrency=8", "--timeout=0.5")
        stalled.set()
    assert result.exit_code == 1
    assert "requests took longer than 0.5 s, the limit (--timeout)" in result.stdout
    assert "fewer requests at a time (--concurrency 2)" in result.stdout
    assert "wait longer (--timeout 2)" in result.stdout


def test_without_a_missed_time_out_there_is_no_advice(scenario: Path) -> None:
    assert "--timeout" not in simulate(scenario, broken).stdout


def test_a_few_failures_are_listed_without_a_rest(scenario: Path) -> None:
    service = FakeMiniTwit()

    def once(request: Request) -> Answer:
        return (503, b"busy") if request.target.endswith("=7") else service(request)

    result = simulate(scenario, once)
    assert result.exit_code == 1
    assert "failed: 7 " in result.stdout
    assert "more failures" not in result.stdout


def test_progress_is_plain_lines_where_there_is_no_terminal(tmp_path: Path) -> None:
    path = tmp_path / "long.tsv"
    with path.open("wb") as file:
        write(generate(users=1, actions=1100, seed=3), file)
    result = simulate(path, FakeMiniTwit())
    assert result.stderr == "1,000 of 1,100 actions\n"


def test_a_malformed_line_is_reported_before_anything_is_sent(scenario: Path) -> None:
    with scenario.open("ab") as file:
        file.write(b"oops\n")
    service = FakeMiniTwit()
    result = simulate(scenario, service)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: line 401 of the scenario: expected 6 ")
    assert service.requests == []


def test_an_unreachable_service_is_reported_at_once(scenario: Path) -> None:
    with serving(FakeMiniTwit()) as url:
        pass
    result = run(scenario, url)
    assert result.exit_code == 1
    assert f"nothing answers at {url}" in result.stderr
    assert result.stdout == ""


def test_the_credential_is_read_from_a_file(scenario: Path, tmp_path: Path) -> None:
    (tmp_path / "credential").write_text("alice:secret\n")
    service = FakeMiniTwit()
    simulate(scenario, service, f"--credential-file={tmp_path / 'credential'}")
    headers = service.requests[-2].headers
    assert headers["Authorization"] == "Basic YWxpY2U6c2VjcmV0"


def test_a_credential_without_a_colon_is_refused(
    scenario: Path, tmp_path: Path
) -> None:
    (tmp_path / "credential").write_text("secret")
    option = f"--credential-file={tmp_path / 'credential'}"
    result = simulate(scenario, FakeMiniTwit(), option)
    assert result.exit_code == 2
    assert "user:password" in result.stderr
    assert "secret" not in result.stderr.replace("--credential", "")


@pytest.mark.parametrize(
    ("percent", "value"), [(1, 1.0), (50, 50.0), (95, 95.0), (99, 99.0), (100, 100.0)]
)
def test_a_percentile_is_a_value_that_was_measured(percent: int, value: float) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], percent) == value


def broken(request: Request) -> Answer:
    if request.method == "GET":
        return 200, b"{}"
    return 500, b"[red]broken[/red]"
