"""The store in PostgreSQL does what the store does."""

from collections.abc import Callable

import pytest

from minitwit.db import Script
from tests.store_rows import *  # noqa: F403


@pytest.fixture
def flag(owner: Script) -> Callable[[str], None]:
    """Return what flags the message of a content."""

    def flag_content(content: str) -> None:
        owner.run(f"UPDATE messages SET flagged = true WHERE content = '{content}'")  # noqa: S608

    return flag_content
