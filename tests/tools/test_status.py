"""`minitwit status` on the system that runs."""

from click.testing import CliRunner

from minitwit_cli.commands import main
from tests.tools.observed import VERSION, Observed


def test_anybody_can_see_the_version_that_is_live(observed: Observed) -> None:
    command = ["status", "--url", observed.system.url]
    result = CliRunner(env={"COLUMNS": "100"}).invoke(main, command)
    assert result.exit_code == 0, result.output
    assert f"version {VERSION}, latest " in result.output
