"""What the tests of backups share."""

from collections.abc import Iterator

import pytest

from tests.data.archive import MISSING, Repository, archived_server


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """Run a server that archives."""
    if MISSING:
        pytest.fail(MISSING)
    with archived_server(tmp_path_factory.mktemp("backups")) as repository:
        yield repository
