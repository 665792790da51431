"""Cache that is bounded by bytes, as users decide how long a message is."""

from collections.abc import Callable, Hashable
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

_ENTRY = 600  # bytes of an entry beside what its cache counts: tuples, a username
_MAX_SEEN = 5_000  # keys that were requested once, by their hashes: half a megabyte


class BoundedCache(dict[Key, Value]):
    """Keeps the values that were used last, within a number of bytes; computes others.

    A value is admitted when its key is requested for the second time. Most messages of
    users whom few read are requested once, and admitting them would cost a third of the
    time of rendering them.

    There are two generations: when the younger one has half of the bytes, it replaces
    the older one. Entries that are still used go back to the younger one, so that a hit
    is one look-up and nothing is reordered. The younger one is the dictionary itself: a
    page looks up thirty messages, and a call of our own would cost more than each.

    Args:
        limit: bytes of all keys and values.
        compute: returns the value of a key.
        size: returns the bytes of what is long in a key and its value. Asking every
            object that they hold costs a third of rendering a message.

    """

    def __init__(
        self,
        limit: int,
        compute: Callable[[Key], Value],
        size: Callable[[Key, Value], int],
    ) -> None:
        super().__init__()
        self._limit = limit
        self._compute = compute
        self._size_of = size
        self._older: dict[Key, Value] = {}
        self._size = 0  # bytes of the younger generation
        self._seen: set[int] = set()  # hashes of keys

    def __missing__(self, key: Key) -> Value:
        """Return a value of the older generation, or compute it."""
        value = self._older.get(key)
        if value is None:
            value = self._compute(key)
            if self._is_new(hash(key)):
                return value
        self.put(key, value)
        return value

    def _is_new(self, key: int) -> bool:
        if key in self._seen:
            return False
        if len(self._seen) >= _MAX_SEEN:
            self._seen.clear()
        self._seen.add(key)
        return True

    def put(self, key: Key, value: Value) -> None:
        """Keep a value, unless it alone is too large."""
        size = self._size_of(key, value) + _ENTRY
        if 2 * size > self._limit:
            return
        if 2 * (self._size + size) > self._limit:
            self._older = dict(self)
            self.clear()
            self._size = 0
        self[key] = value
        self._size += size
