"""Deletion of accounts with everything that they have, in resumable chunks."""

import logging
import time
from collections.abc import Iterator
from contextlib import suppress

from minitwit.errors import JustDeleted, StorageUnavailable
from minitwit.models import Account
from minitwit.postgres.database import Database

# For so many days a former username is refused to everyone.
NAME_KEPT_DAYS = 30

_DELETING_SECONDS = 3.0  # for which the request that deletes an account goes on
_RESUMING_SECONDS = 0.1  # for which another request goes on with a pending deletion

# Rows of a statement, which has two seconds; a message may mention a few hundred users.
_CHUNK = 500

# What goes before the account itself. Follows go first: as long as the account has a
# row, lists of people would show the name that it has by then.
_PARTS = (
    "delete_followed",
    "delete_followers",
    "delete_mentions",
    "delete_reports",
    "delete_messages",
)

_log = logging.getLogger(__name__)


class Deletions:
    """Deletes accounts.

    An account may have a million messages, so that one transaction could not delete it.
    The first statements take the name from it and end its sessions, and from then on it
    is gone for everyone. Then follows, mentions, reports and messages are deleted in
    chunks, by any replica, and last the account's own row.

    Args:
        database: where everything is stored.
        chunk: how many rows a statement deletes at most.
        seconds: after which `delete` begins no further chunk.

    """

    def __init__(
        self,
        database: Database,
        chunk: int = _CHUNK,
        seconds: float = _DELETING_SECONDS,
    ) -> None:
        self._database = database
        self._chunk = chunk
        self._seconds = seconds

    def delete(self, account: Account) -> bool:
        """Close an account and delete what it has.

        Returns:
            Whether nothing is left; otherwise `resume` or `finish` goes on later.

        Raises:
            StorageUnavailable: the account may not be closed; later failures only leave
                the rest to others.

        """
        self._database.write(
            "keep_username", username=account.username, days=NAME_KEPT_DAYS
        )
        self._database.write("close_account", id=account.id)
        return self._delete_for(self._seconds, account.id)

    def resume(self) -> None:
        """Go on for a moment with the oldest pending deletion; failures leave it so."""
        with suppress(StorageUnavailable):
            if (user_id := self._pending()) is not None:
                self._delete_for(_RESUMING_SECONDS, user_id)

    def finish(self) -> Iterator[int]:
        """Complete every pending deletion; yield the id of each deleted account.

        Raises:
            StorageUnavailable: the rest stays pending.

        """
        while (user_id := self._pending()) is not None:
            while self._delete_chunk(user_id):
                pass
            yield user_id

    def _pending(self) -> int | None:
        rows = self._database.read("pending_deletion")
        return int(rows[0][0]) if rows else None

    def _delete_for(self, seconds: float, user_id: int) -> bool:
        end = time.monotonic() + seconds
        try:
            while self._delete_chunk(user_id):
                if time.monotonic() >= end:
                    return False
        except StorageUnavailable as error:
            _log.warning("the deletion of account %d is pending: %s", user_id, error)
            return False
        return True

    def _delete_chunk(self, user_id: int) -> bool:
        """Delete some rows of an account; return whether there may be more."""
        for part in _PARTS:
            [[count]] = self._database.write(part, id=user_id, limit=self._chunk)
            if count:
                return True
        try:
            self._database.write("delete_account", id=user_id)
        except JustDeleted:
            # A request that began before has added a row: the next chunk has it.
            return True
        return False
