"""`minitwit status`, against services on sockets."""

import json

from click.testing import CliRunner, Result

from minitwit.web.routes import FUNCTIONS, probe
from minitwit_cli.commands import main
from tests.fakes.http_service import Answer, Request, serving

PROBES: dict[str, Answer] = {
    path: (status, b"") for path, status in map(probe, FUNCTIONS)
}
HEALTHY: dict[str, Answer] = PROBES | {
    "/openapi.json": (200, json.dumps({"info": {"version": "1.2.3"}}).encode()),
    "/latest": (200, b'{"latest": 1337}'),
}


def status(answers: dict[str, Answer]) -> Result:
    def answer(request: Request) -> Answer:
        return answers[request.target]

    with serving(answer) as url:
        return run(url)


def run(url: str) -> Result:
    return CliRunner(env={"COLUMNS": "100"}).invoke(main, ["status", "--url", url])


def test_a_system_that_answers_is_shown_with_version_and_latest() -> None:
    result = status(HEALTHY)
    assert result.exit_code == 0, result.output
    assert "version 1.2.3, latest 1337" in result.output
    for function in FUNCTIONS:
        assert function in result.output


def test_a_function_that_fails_is_named_and_fails_the_probe() -> None:
    result = status(HEALTHY | {"/fllws/anybody": (502, b"")})
    assert result.exit_code == 1
    assert "follow did not answer as expected" in result.output


def test_an_unreachable_system_is_reported_without_a_traceback() -> None:
    with serving(lambda _request: (200, b"")) as url:
        pass
    result = run(url)
    assert result.exit_code == 1
    assert "version ?, latest ?" in result.output
    assert " and ".join(FUNCTIONS) in result.output
