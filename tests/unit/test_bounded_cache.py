"""Caches of the pages: bounded by bytes, as a stranger decides what is in them."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from sys import getsizeof

import pytest

from functions.timeline.assets import Assets
from functions.timeline.bounded_cache import BoundedCache
from functions.timeline.identicons import identicon
from functions.timeline.mentioned_names import MentionedNames
from functions.timeline.pages import environment
from minitwit.models import Post, Reader
from minitwit.text.fields import MAX_CONTENT, MAX_USERNAME

MB = 1_000_000
SIGNED_OUT = Reader(account=None)

# A character of four bytes makes each of the text take four.
WIDE = "\N{GRINNING FACE}"


@contextmanager
def growth_below(megabytes: float) -> Iterator[None]:
    """Assert that less memory is allocated meanwhile and kept."""
    tracemalloc.start()
    try:
        yield
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < megabytes * MB


def post(number: int, text: str) -> Post:
    """Return a message as long as one may be, whose HTML is longer still."""
    content = f"{number} {WIDE}{text * MAX_CONTENT}"[:MAX_CONTENT]
    username = f"{number} {WIDE * MAX_USERNAME}"[:MAX_USERNAME]
    return Post(number, username, content, pub_date=number, is_hidden=False)


def size(key: str, value: str) -> int:
    return getsizeof(key) + getsizeof(value)


def test_the_longest_messages_do_not_fill_the_memory() -> None:
    mentioned = MentionedNames(frozenset)
    templates = environment(Assets(), mentioned, "http://localhost")
    render = templates.filters["messages"]
    with growth_below(16):
        for number in range(2080):
            for _ in range(3):
                render([post(number, '"')], SIGNED_OUT)


def test_the_names_in_messages_do_not_fill_the_memory() -> None:
    mentioned = MentionedNames(frozenset)
    with growth_below(3):
        for number in range(1000):
            mentioned.of([post(number, f" @{number} " + "-" * MAX_CONTENT)])


def test_the_longest_usernames_do_not_fill_the_memory() -> None:
    longest = post(0, "").username
    most = identicon.cache_info().maxsize or 0
    assert 0 < most * (getsizeof(longest) + getsizeof(identicon(longest))) < 4 * MB


def test_what_is_used_stays_and_the_rest_goes() -> None:
    computed: list[str] = []

    def compute(key: str) -> str:
        computed.append(key)
        return key

    cache = BoundedCache(4000, compute, size)
    for number in range(100):
        assert cache["used"] == "used"
        for _ in range(2):
            assert cache[f"unused {number}"] == f"unused {number}"
    assert cache["unused 0"] == "unused 0"
    assert cache["unused 99"] == "unused 99"
    assert computed.count("used") == 2
    assert computed.count("unused 0") == 3
    assert computed.count("unused 99") == 2


def test_what_is_used_once_is_not_kept_and_does_not_fill_the_memory() -> None:
    cache = BoundedCache(1_000_000, str, size)
    cache["used"], cache["used"]
    with growth_below(1):
        for number in range(100_000):
            assert cache[f"once {number}"] == f"once {number}"
    assert list(cache) == ["used"]


@pytest.mark.parametrize(("key", "value"), [("x" * 2000, "1"), ("1", "x" * 2000)])
def test_an_entry_that_would_take_half_of_it_is_not_kept(key: str, value: str) -> None:
    computed: list[str] = []

    def compute(key: str) -> str:
        computed.append(key)
        return value if key != "other" else key

    cache = BoundedCache(4000, compute, size)
    for _ in range(3):
        assert cache["other"] == "other"
        assert cache[key] == value
    assert computed == ["other", key, "other", key, key]
