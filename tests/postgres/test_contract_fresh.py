"""The rows of the contract that need a MiniTwit of their own, on PostgreSQL."""

from collections.abc import Iterator

import pytest

from minitwit.store import Store
from tests.contract import fresh
from tests.contract.callers import Callers
from tests.in_process import callers_of

SHARED_ROWS = (fresh,)


@pytest.fixture
def minitwit(store: Store) -> Iterator[Callers]:
    """Return callers of a MiniTwit that nobody has used."""
    callers = callers_of(store)
    yield callers
    callers.close()
