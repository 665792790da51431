"""The rows of the contract that need a MiniTwit of their own, in memory."""

from collections.abc import Iterator

import pytest

from tests.contract import fresh
from tests.contract.callers import Callers
from tests.fakes.store import fake_store
from tests.in_process import callers_of

SHARED_ROWS = (fresh,)


@pytest.fixture
def minitwit() -> Iterator[Callers]:
    """Return callers of a MiniTwit that nobody has used."""
    callers = callers_of(fake_store())
    yield callers
    callers.close()
