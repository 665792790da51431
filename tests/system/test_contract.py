"""Every row of the contract through Traefik, or at MINITWIT_TEST_URL."""

import os
from collections.abc import Iterator

import pytest

from tests.contract.callers import Callers
from tests.contract.follows import *  # noqa: F403
from tests.contract.hostile import *  # noqa: F403
from tests.contract.messages import *  # noqa: F403
from tests.contract.register import *  # noqa: F403
from tests.contract.routes import *  # noqa: F403
from tests.contract.sessions import *  # noqa: F403
from tests.contract.simulator import *  # noqa: F403
from tests.contract.web import *  # noqa: F403


@pytest.fixture(scope="module")
def minitwit(request: pytest.FixtureRequest) -> Iterator[Callers]:
    """Return callers of the system, which others may use as well."""
    url = os.environ.get("MINITWIT_TEST_URL")
    callers = Callers(url or request.getfixturevalue("system").url)
    yield callers
    callers.close()
