"""The export of a large account: the bytes of a document, and a replica's memory."""

import json
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any, cast

import httpx

from minitwit.accounts.export import MAX_BYTES, Exports
from minitwit.postgres.database import Database
from tests.contract.callers import Callers
from tests.fakes.store import fake_store
from tests.in_process import callers_of

MESSAGES = 2_000
CONTENT = "\U0001f426" * 1_000  # as long as a message may be, four bytes a character
PAGE = 100 * (len(CONTENT.encode()) + 100)

AT_ONCE = 8  # MINITWIT_CONCURRENCY
# Of a replica's 192 MB, of which it takes some 60 when it is idle.
MEMORY = 32_000_000


class LargeAccount:
    """Stands in for the database of an account with messages and nothing else.

    Args:
        readers: wait for each other before each page, so that all are equally far.

    """

    def __init__(self, readers: int = 1) -> None:
        self._barrier = Barrier(readers)

    def read(self, query: str, **parameters: Any) -> list[list[Any]]:
        """Return the rows of a statement, whose strings nothing else refers to."""
        if query == "export_account":
            return [['{"id": 1}', "[]"]]
        if query != "export_messages":
            return []
        self._barrier.wait(timeout=10)
        newest = min(parameters["before_id"] - 1, MESSAGES)
        oldest = max(newest - parameters["limit"], 0)
        return [
            [0, number, f'{{"id": {number}, "content": "{CONTENT}"}}']
            for number in range(newest, oldest, -1)
        ]


def callers(database: LargeAccount) -> Callers:
    """Return callers of a MiniTwit that exports that account."""
    exports = Exports(cast("Database", database))
    return callers_of(replace(fake_store(), exports=exports))


def test_documents_have_a_million_bytes_and_a_page_at_most() -> None:
    minitwit = callers(LargeAccount())
    browser = minitwit.browser_of(minitwit.user())
    path: str | None = "/account/export"
    sizes, ids = [], []
    while path:
        answer = browser.get(path)
        sizes.append(len(answer.content))
        found = json.loads(answer.content)
        ids += [message["id"] for message in found["messages"]]
        assert all(message["content"] == CONTENT for message in found["messages"])
        path = found["next"]
    assert ids == list(range(MESSAGES, 0, -1))
    assert max(sizes) <= MAX_BYTES + PAGE
    # All are full but the last.
    assert min(sizes[:-1]) >= MAX_BYTES


def test_as_many_exports_as_run_at_once_fit_into_a_replica() -> None:
    """From the first statement to the bytes that are sent, head included."""
    minitwit = callers(LargeAccount(AT_ONCE))
    ada = minitwit.user()
    browsers = [minitwit.browser_of(ada) for _ in range(AT_ONCE)]

    def size(browser: httpx.Client) -> int:
        return len(browser.get("/account/export").content)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        tracemalloc.start()
        try:
            sizes = list(pool.map(size, browsers))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert min(sizes) >= MAX_BYTES
    assert peak < MEMORY, f"{peak / 1e6:.0f} MB"
