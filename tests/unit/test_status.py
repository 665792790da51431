"""`minitwit status` shows the database servers as Patroni sees them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from minitwit.web.routes import FUNCTIONS, probe
from minitwit_cli.commands import main
from tests.certificates import make_certificate
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


def test_patroni_is_believed_only_with_a_certificate_of_the_database(
    tmp_path: Path,
) -> None:
    database = make_certificate(tmp_path / "database", "localhost")
    another = make_certificate(tmp_path / "another", "localhost")
    with patroni() as site, patroni(_PRIMARY, certificate=database.server) as url:
        words = ["status", "--url", site, "--patroni", url, "--patroni-ca"]
        believed = CliRunner().invoke(main, [*words, str(database.ca)])
        refused = CliRunner().invoke(main, [*words, str(another.ca)])
    assert believed.exit_code == 0, believed.output
    assert "primary" in believed.output
    assert refused.exit_code == 1
    assert "No Patroni answered" in refused.output
    assert "CERTIFICATE_VERIFY_FAILED" in refused.output


def test_a_file_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    with patroni(_PRIMARY) as url:
        words = ["status", "--url", url, "--patroni", url]
        result = CliRunner().invoke(main, [*words, "--patroni-ca", str(tmp_path)])
    assert result.exit_code == 2
    assert "has to hold the certificate" in result.output


def status_with(*members: dict[str, Any]) -> Result:
    """Run the command on functions that answer, with the second of two Patronis."""
    with patroni(*members) as url:
        urls = f"http://127.0.0.1:9 {url}"
        runner = CliRunner(env={"COLUMNS": "100", "MINITWIT_PATRONI_URLS": urls})
        return runner.invoke(main, ["status", "--url", url])


@contextmanager
def patroni(*members: dict[str, Any], certificate: Path | None = None) -> Iterator[str]:
    def answer(request: Request) -> Answer:
        if request.target == "/cluster":
            return 200, json.dumps({"members": members}).encode()
        return _EXPECTED.get(request.target, 404), b"{}"

    with serving(answer, certificate) as url:
        yield url
