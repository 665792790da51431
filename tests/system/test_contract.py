"""Every row of the contract through Traefik, or at MINITWIT_TEST_URL."""

import os
from collections.abc import Iterator

import pytest

from tests.contract.callers import Callers
from tests.contract.rows import CONTRACT

SHARED_ROWS = CONTRACT


@pytest.fixture(scope="module")
def minitwit(request: pytest.FixtureRequest) -> Iterator[Callers]:
    """Return callers of the system, which others may use as well."""
    url = os.environ.get("MINITWIT_TEST_URL")
    callers = Callers(url or request.getfixturevalue("system").url)
    yield callers
    callers.close()
