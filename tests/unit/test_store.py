"""The fakes do what the store does."""

from collections.abc import Callable

import pytest

from minitwit.store import Store
from tests import (
    discovery_rows,
    moderation_rows,
    page_rows,
    store_rows,
    throttle_rows,
)
from tests.fakes.store import Memory, fake_store

SHARED_ROWS = (discovery_rows, moderation_rows, page_rows, store_rows, throttle_rows)


@pytest.fixture
def memory() -> Memory:
    """Return what the store remembers."""
    return Memory()


@pytest.fixture
def store(memory: Memory) -> Store:
    """Return an empty store."""
    return fake_store(memory)


@pytest.fixture
def flag(memory: Memory) -> Callable[[str], None]:
    """Return what flags the message of a content."""

    def flag_content(content: str) -> None:
        memory.flagged |= {p.id for p in memory.posts if p.content == content}

    return flag_content


@pytest.fixture
def set_moderator(store: Store) -> Callable[[str, bool], None]:
    """Return what makes moderators."""
    return store.moderation.set_moderator


@pytest.fixture
def add_link(store: Store) -> Callable[[str, str], None]:
    """Return what adds links to reset a password."""
    return store.password_resets.add


@pytest.fixture
def pass_seconds(memory: Memory) -> Callable[[float], None]:
    """Return what makes the buckets of wrong passwords older."""

    def make_older(seconds: float) -> None:
        memory.full_at = {k: full_at - seconds for k, full_at in memory.full_at.items()}

    return make_older
