"""Which users the messages of a page mention, for the links in them."""

import time
from collections.abc import Callable, Collection, Iterable
from sys import getsizeof

from functions.timeline.bounded_cache import BoundedCache
from minitwit.models import Post
from minitwit.text.links import mention_candidates

# A message is on many pages, so what it mentions is kept; a name that is registered
# after a message was shown becomes a link in it this much later.
_SECONDS = 60.0
_KEPT_BYTES = 2_000_000

_NONE: frozenset[str] = frozenset()
_EXPIRED = (0.0, _NONE)


class MentionedNames:
    """Looks up the names that messages mention, in one statement a page at most.

    Args:
        known: returns which of the given names are usernames.
        clock: says the time in seconds.

    """

    def __init__(
        self,
        known: Callable[[Collection[str]], frozenset[str]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._known = known
        self._clock = clock
        # By content: when its entry expires, and the usernames that it mentions.
        self._kept: BoundedCache[str, tuple[float, frozenset[str]]] = BoundedCache(
            _KEPT_BYTES,
            lambda _: _EXPIRED,
            lambda content, found: bytes_of(content, found[1]),
        )

    def of(self, posts: Iterable[Post]) -> list[frozenset[str]]:
        """Return the usernames that each message mentions."""
        now, kept = self._clock(), self._kept
        found: list[frozenset[str]] = []
        missing: list[tuple[int, str]] = []
        for place, post in enumerate(posts):
            names = _NONE
            if "@" in post.content:
                until, names = kept[post.content]
                if until <= now:
                    missing.append((place, post.content))
            found.append(names)
        if missing:
            looked_up = self._look_up({content for _, content in missing})
            for content, names in looked_up.items():
                kept.put(content, (now + _SECONDS, names))
            for place, content in missing:
                found[place] = looked_up[content]
        return found

    def _look_up(self, contents: set[str]) -> dict[str, frozenset[str]]:
        candidates = {
            content: frozenset(name for _, name in mention_candidates(content))
            for content in contents
        }
        known = self._known(_NONE.union(*candidates.values()))
        return {content: names & known for content, names in candidates.items()}


def bytes_of(content: str, names: frozenset[str]) -> int:
    """Return the bytes of a message and of the names that it mentions."""
    if not names:
        # Messages that mention nobody share one empty set.
        return getsizeof(content)
    return getsizeof(content) + getsizeof(names) + sum(map(getsizeof, names))
