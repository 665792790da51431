"""Suspended accounts: they can neither sign in nor post, and are hidden from lists."""

import time

from minitwit.errors import (
    MiniTwitError,
    ModeratorProtected,
    NotModerator,
    UnknownUser,
)
from minitwit.postgres.database import Database

_CHUNK = 1000  # messages; a statement that changes so many takes some 50 ms

# For so long a request works on pending jobs, seconds: enough for most accounts.
WORKING_SECONDS = 0.5


class Suspensions:
    """Suspends accounts, and lifts suspensions.

    An account may have more messages than one transaction can change, so hiding them,
    and showing them again, is a job that is run in chunks, by any replica.

    Args:
        database: where accounts and messages are stored.
        chunk: how many messages a statement changes at most.

    """

    def __init__(self, database: Database, chunk: int = _CHUNK) -> None:
        self._database = database
        self._chunk = chunk

    def suspend(self, username: str, moderator_id: int | None = None) -> None:
        """Suspend an account, and begin to hide its messages.

        Args:
            username: of the account.
            moderator_id: of the account that wants it; None for the operator.

        Raises:
            NotModerator: the account is not a moderator at this moment.
            ModeratorProtected: the account to be suspended is one.
            UnknownUser: there is no such account.

        """
        self._change("suspend_user", username, moderator_id)

    def lift(self, username: str, moderator_id: int | None = None) -> None:
        """Lift a suspension, and begin to show again the messages that it has hidden.

        Args:
            username: of the account.
            moderator_id: of the account that wants it; None for the operator.

        Raises:
            NotModerator: the account is not a moderator at this moment.
            UnknownUser: there is no such account.

        """
        self._change("unsuspend_user", username, moderator_id)

    def run_jobs(self, seconds: float = WORKING_SECONDS) -> None:
        """Hide, or show again, messages of accounts that have a job, newest first.

        Args:
            seconds: after which no further chunk begins; one always does.

        """
        end = time.monotonic() + seconds
        while jobs := self._database.read("pending_suspension_job"):
            self._run_chunk(jobs[0][0])
            if time.monotonic() >= end:
                break

    def _run_chunk(self, user_id: int) -> None:
        for hides, changed in self._database.write(
            "run_suspension_job", user_id=user_id, limit=self._chunk
        ):
            if changed < self._chunk:
                self._database.write("end_suspension_job", user_id=user_id, hides=hides)

    def _change(self, query: str, username: str, moderator_id: int | None) -> None:
        if "\x00" in username:  # PostgreSQL's text holds none.
            raise UnknownUser
        if not self._database.write(
            query, username=username, moderator_id=moderator_id
        ):
            raise self._refusal(username, moderator_id)

    def _refusal(self, username: str, moderator_id: int | None) -> MiniTwitError:
        """Return why a change found no account."""
        if moderator_id is not None:
            [[is_moderator]] = self._database.read("is_moderator", id=moderator_id)
            if not is_moderator:
                return NotModerator()
        is_known = self._database.read("is_account", username=username)[0][0]
        return ModeratorProtected() if is_known else UnknownUser()
