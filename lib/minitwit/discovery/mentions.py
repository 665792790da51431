"""Mentions: which messages name which users."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from minitwit.errors import StorageUnavailable
from minitwit.messages import AND_ONE_MORE, NEWEST
from minitwit.models import Cursor, Post
from minitwit.postgres.database import Database
from minitwit.postgres.standby import ReplicatedDatabase
from minitwit.text.links import mention_candidates

_BATCH = 5_000  # messages that are read at once
_MOST_CANDIDATES = 5_000  # that one statement looks up, and those of one message more


class _Candidate(NamedTuple):
    message_id: int
    place: int
    username: str


class Mentions:
    """The mentions of users in messages; `Messages` adds those of a new message.

    Args:
        database: where they are stored; reads may go to a standby.

    """

    def __init__(self, database: Database | ReplicatedDatabase) -> None:
        self._database = database

    def of(self, user_id: int, start: Cursor | None = None) -> list[Post]:
        """Return a page of the messages that mention a user, newest first."""
        start = start or NEWEST
        rows = self._database.read(
            "mentions_after" if start.is_newer else "mentions_before",
            user_id=user_id,
            pub_date=start.pub_date,
            id=start.id,
            limit=AND_ONE_MORE,
        )
        posts = [Post(*row) for row in rows]
        return posts[::-1] if start.is_newer else posts

    def known(self, names: Collection[str]) -> frozenset[str]:
        """Return those of some names that users have; no name holds a line break."""
        if not names:
            return frozenset()
        rows = self._database.read("known_names", names="\n".join(names))
        return frozenset(row[0] for row in rows)

    def see(self, user_id: int, newest: Post) -> None:
        """Note the newest mention that a user has seen.

        If the database cannot, they count as not seen until the user looks again.
        """
        with suppress(StorageUnavailable):
            self._database.write(
                "see_mentions", user_id=user_id, pub_date=newest.pub_date, id=newest.id
            )

    def index(self, after: int) -> Iterator[tuple[int, int]]:
        """Find the mentions in stored messages, batch by batch in the order of ids.

        Repeating it changes nothing.

        Args:
            after: the id before the first message.

        Yields:
            For each batch the id of its last message, and how many mentions were added.

        """
        while rows := self._database.read(
            "messages_to_index", after=after, limit=_BATCH
        ):
            candidates = (
                _Candidate(message_id, *candidate)
                for message_id, content in rows
                if content
                for candidate in mention_candidates(content)
            )
            added = sum(map(self._add, _chunks(candidates)))
            after = rows[-1][0]
            yield after, added

    def _add(self, candidates: list[_Candidate]) -> int:
        message_ids, places, names = zip(*candidates, strict=True)
        rows = self._database.write(
            "index_mentions",
            message_ids=",".join(map(str, message_ids)),
            places=",".join(map(str, places)),
            names="\n".join(names),
        )
        return len(rows)


def _chunks(candidates: Iterable[_Candidate]) -> Iterator[list[_Candidate]]:
    """Yield the candidates in lists, those of one message together."""
    chunk: list[_Candidate] = []
    for candidate in candidates:
        is_full = len(chunk) >= _MOST_CANDIDATES
        if is_full and candidate.message_id != chunk[-1].message_id:
            yield chunk
            chunk = []
        chunk.append(candidate)
    if chunk:
        yield chunk
