"""Export of an account: everything about it as JSON, in documents of bounded size."""

import re
from dataclasses import dataclass
from itertools import dropwhile
from typing import Self

from minitwit.errors import UnknownUser
from minitwit.postgres.database import Database

# A document ends after so many bytes of lists and names the next one. It holds some ten
# thousand messages of usual length. A replica makes up to MINITWIT_CONCURRENCY at once,
# and keeps the whole of each in memory.
MAX_BYTES = 1_000_000

_PAGE = 100  # entries that a statement reads; 600 kB at most, as a character takes six

# The lists of a document, in this order, and their queries.
_LISTS = {
    "follows": "export_follows",
    "followers": "export_followers",
    "reports": "export_reports",
    "messages": "export_messages",
    "hidden_messages": "export_hidden_messages",
}

_PLACE = re.compile(r"([a-z_]+)\.(-?[0-9]{1,19})\.(-?[0-9]{1,19})")
_LAST = 2**63 - 1  # Every entry of a list is before this place.
_BIGINT = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document begins: in a list, before an entry with this date and id."""

    list_name: str = "follows"
    date: int = _LAST
    id: int = _LAST

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the place that a text names; by default the beginning."""
        match = _PLACE.fullmatch(text)
        if match is None or match[1] not in _LISTS:
            return cls()
        date, entry_id = int(match[2]), int(match[3])
        if date not in _BIGINT or entry_id not in _BIGINT:
            return cls()
        return cls(match[1], date, entry_id)

    def __str__(self) -> str:
        """Return the text that names the place."""
        return f"{self.list_name}.{self.date}.{self.id}"


class Exports:
    """Reads everything about an account.

    Args:
        database: where it is stored.
        max_bytes: of the lists of a document, which ends with the page that reaches it.

    """

    def __init__(self, database: Database, max_bytes: int = MAX_BYTES) -> None:
        self._database = database
        self._max_bytes = max_bytes

    def document(
        self, user_id: int, start: Place
    ) -> tuple[dict[str, bytes], Place | None]:
        """Return a document about an account.

        Args:
            user_id: of the account.
            start: where the document begins.

        Returns:
            each field as JSON, and where the next document begins, if there is more.

        Raises:
            UnknownUser: the account was deleted.

        """
        rows = self._database.read("export_account", user_id=user_id)
        if not rows:
            raise UnknownUser
        account, sessions = rows[0]
        fields = {"account": account.encode(), "sessions": sessions.encode()}
        left = self._max_bytes
        for name in dropwhile(lambda name: name != start.list_name, _LISTS):
            place = start if name == start.list_name else Place(name)
            pages, following = self._list(user_id, place, left)
            fields[name] = b"[%b]" % b",".join(pages)
            if following:
                return fields, following
            left -= len(fields[name])
        return fields, None

    def _list(
        self, user_id: int, place: Place, left: int
    ) -> tuple[list[bytes], Place | None]:
        """Return the entries behind a place, and the place behind them if none fits."""
        # A string takes four bytes a character when a single one needs them, and an
        # object for each short name ten times its length: so bytes, by the page.
        pages: list[bytes] = []
        while left > 0:
            rows = self._database.read(
                _LISTS[place.list_name],
                user_id=user_id,
                before_date=place.date,
                before_id=place.id,
                limit=_PAGE,
            )
            if rows:
                pages.append(b",".join(row[2].encode() for row in rows))
            if len(rows) < _PAGE:
                return pages, None
            place = Place(place.list_name, *rows[-1][:2])
            left -= len(pages[-1])
        return pages, place
