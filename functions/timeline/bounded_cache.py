"""Cache that is bounded by bytes, as users decide how long a message is."""

from collections.abc import Hashable
from sys import getsizeof
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

_ENTRY = 200  # bytes of an entry beside its key and its value


class BoundedCache(Generic[Key, Value]):
    """Keeps the entries that were used last, within a number of bytes.

    There are two generations: when the younger one has half of the bytes, it replaces
    the older one. Entries that are still used go back to the younger one, so that a hit
    is one look-up and nothing is reordered.

    Args:
        limit: bytes of all keys and values.

    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._younger: dict[Key, Value] = {}
        self._older: dict[Key, Value] = {}
        self._size = 0  # bytes of the younger generation

    def get(self, key: Key) -> Value | None:
        """Return the value of a key, or None."""
        value = self._younger.get(key)
        if value is None and (value := self._older.get(key)) is not None:
            self.put(key, value)
        return value

    def put(self, key: Key, value: Value) -> None:
        """Keep a value, unless it alone is too large."""
        size = _size(key) + _size(value) + _ENTRY
        if 2 * size > self._limit:
            return
        if 2 * (self._size + size) > self._limit:
            self._older, self._younger, self._size = self._younger, {}, 0
        self._younger[key] = value
        self._size += size


def _size(value: Any) -> int:
    """Return the bytes of a value and of what it holds."""
    if isinstance(value, tuple | frozenset):
        return getsizeof(value) + sum(map(_size, value))
    return getsizeof(value)
