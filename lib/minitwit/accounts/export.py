"""Export of an account: everything about it as JSON, in documents of bounded size."""

import re
from dataclasses import dataclass
from itertools import dropwhile
from typing import Self

from minitwit.errors import UnknownUser
from minitwit.postgres.database import Database

# A document ends after so many characters of lists and names the next one. It holds a
# hundred thousand messages of usual length, and takes a replica a few times its size.
MAX_CHARACTERS = 8_000_000

_PAGE = 1000  # entries that a statement reads

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
        max_characters: of the lists of a document.

    """

    def __init__(
        self, database: Database, max_characters: int = MAX_CHARACTERS
    ) -> None:
        self._database = database
        self._max_characters = max_characters

    def document(
        self, user_id: int, start: Place
    ) -> tuple[dict[str, str], Place | None]:
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
        fields = dict(zip(("account", "sessions"), rows[0], strict=True))
        left = self._max_characters
        for name in dropwhile(lambda name: name != start.list_name, _LISTS):
            place = start if name == start.list_name else Place(name)
            entries, following = self._list(user_id, place, left)
            fields[name] = f"[{','.join(entries)}]"
            if following:
                return fields, following
            left -= len(fields[name])
        return fields, None

    def _list(
        self, user_id: int, place: Place, left: int
    ) -> tuple[list[str], Place | None]:
        """Return the entries behind a place, and the place behind them if none fits."""
        entries: list[str] = []
        while True:
            rows = self._database.read(
                _LISTS[place.list_name],
                user_id=user_id,
                before_date=place.date,
                before_id=place.id,
                limit=_PAGE,
            )
            entries += (row[2] for row in rows)
            if len(rows) < _PAGE:
                return entries, None
            place = Place(place.list_name, *rows[-1][:2])
            left -= sum(len(row[2]) for row in rows)
            if left < 0:
                return entries, place
