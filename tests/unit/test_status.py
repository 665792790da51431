"""`minitwit status` shows the database servers as Patroni sees them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from click.testing import CliRunner, Result

from minitwit.web.routes import FUNCTIONS, probe
from minitwit_cli.commands import main
from tests.fakes.http_service import Answer, Request, serving

_EXPECTED = dict(probe(function) for function in FUNCTIONS)
_PRIMARY = {"name": "standby", "role": "leader", "state": "running"}
_STANDBY = {
    "name": "postgres",
    "role": "sync_standby",
    "state": "streaming",
    "replay_lag": 4096,
}


def test_the_primary_is_shown_and_how_far_the_others_are_behind() -> None:
    result = status_with(_STANDBY, _PRIMARY)
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.output.replace("│", " ").splitlines()]
    assert ["standby", "primary", "running"] in rows
    assert ["postgres", "sync", "standby", "streaming", "4096"] in rows


def test_a_database_without_a_primary_is_an_error() -> None:
    result = status_with(_STANDBY)
    assert result.exit_code == 1
    assert "The database has no primary" in result.output


def status_with(*members: dict[str, Any]) -> Result:
    """Run the command on functions that answer, with the second of two Patronis."""
    with patroni(*members) as url:
        urls = f"http://127.0.0.1:9 {url}"
        runner = CliRunner(env={"COLUMNS": "100", "MINITWIT_PATRONI_URLS": urls})
        return runner.invoke(main, ["status", "--url", url])


@contextmanager
def patroni(*members: dict[str, Any]) -> Iterator[str]:
    def answer(request: Request) -> Answer:
        if request.target == "/cluster":
            return 200, json.dumps({"members": members}).encode()
        return _EXPECTED.get(request.target, 404), b"{}"

    with serving(answer) as url:
        yield url
