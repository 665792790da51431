"""Every row of the contract, on the store in memory."""

from collections.abc import Iterator

import pytest

from tests.contract.callers import Callers
from tests.contract.rows import CONTRACT
from tests.fakes.store import fake_store
from tests.in_process import callers_of

SHARED_ROWS = CONTRACT


@pytest.fixture(scope="module")
def minitwit() -> Iterator[Callers]:
    """Return callers of a MiniTwit that all these tests use."""
    callers = callers_of(fake_store())
    yield callers
    callers.close()
