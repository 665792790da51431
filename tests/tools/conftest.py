"""Fixtures of the tests of the tools: one observed system, started once."""

from collections.abc import Iterator
from secrets import token_hex

import pytest

from tests.tools.following import BREAK_MESSAGES, MEND_MESSAGES
from tests.tools.observed import Observed, observed_system


@pytest.fixture(scope="session")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    """Yield a system with its tools; a test undoes what it breaks."""
    with observed_system(tmp_path_factory.mktemp("observed")) as everything:
        yield everything


@pytest.fixture
def user(observed: Observed) -> str:
    """Register a user and return the name."""
    name = f"Roger {token_hex(4)}"
    body = {"username": name, "email": "roger@example.com", "pwd": "hunter2"}
    assert observed.call("POST", "/register", json=body).status_code == 204
    return name


@pytest.fixture
def broken_messages(observed: Observed) -> Iterator[None]:
    """Let the database reject messages with an unexpected error that quotes them."""
    observed.sql(*BREAK_MESSAGES)
    yield
    observed.sql(MEND_MESSAGES)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured, in whichever process."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "measured":
                terminalreporter.write_line(str(value))
