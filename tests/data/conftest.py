"""What the tests of the data share."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain

import pytest

from tests.data.archive import MISSING, Repository, archived_server


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """Run a server that archives."""
    if MISSING:
        pytest.fail(MISSING)
    with archived_server(tmp_path_factory.mktemp("backups")) as repository:
        yield repository


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Return a function that notes a figure for the end of the run."""
    return partial(record_property, "measured")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured, also in other processes."""
    for report in chain.from_iterable(terminalreporter.stats.values()):
        if isinstance(report, pytest.TestReport) and report.when == "call":
            for name, figure in report.user_properties:
                assert name == "measured"
                terminalreporter.write_line(str(figure))
