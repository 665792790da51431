"""What the tests of the tools share: one observed system, started once."""

from collections.abc import Iterator

import pytest

from tests.tools.observed import Observed, observed_system


@pytest.fixture(scope="session")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    """Yield a system with its tools; whatever a test breaks, it mends."""
    with observed_system(tmp_path_factory.mktemp("observed")) as everything:
        yield everything
