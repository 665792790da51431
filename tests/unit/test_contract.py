"""Every row of the contract, on the store in memory."""

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
from tests.fakes.store import fake_store
from tests.in_process import callers_of


@pytest.fixture(scope="module")
def minitwit() -> Iterator[Callers]:
    """Return callers of a MiniTwit that all these tests use."""
    callers = callers_of(fake_store())
    yield callers
    callers.close()
