"""What the black-box tests share: systems, started once, stopped at the end."""

from collections.abc import Iterator

import pytest

from tests.system.running import SIMULATOR_ADDRESS, RunningSystem, running_system


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """Yield a whole system behind Traefik; whatever a test breaks, it mends."""
    with running_system(tmp_path_factory.mktemp("system")) as running:
        yield running


@pytest.fixture(scope="session")
def limited_system(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningSystem]:
    """Yield a system with the limits of production for requests of one address."""
    folder = tmp_path_factory.mktemp("limited")
    environment = {
        "MINITWIT_REQUESTS_IN_FLIGHT": "50",
        "MINITWIT_SIMULATOR_ADDRESS": SIMULATOR_ADDRESS,
    }
    with running_system(folder, environment=environment) as running:
        yield running
