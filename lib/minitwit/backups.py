"""Backups: when they last succeeded."""

from dataclasses import dataclass

from minitwit.db import Database


@dataclass(frozen=True)
class LastSuccesses:
    """Times in Unix seconds; none where it never succeeded."""

    backup: float | None
    drill: float | None
    wal: float | None


class Backups:
    """The record that backups and restore drills leave."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last_successes(self) -> LastSuccesses:
        """Return when each last succeeded.

        Raises:
            StorageUnavailable: the database does not answer.

        """
        [row] = self._database.read("last_successes")
        return LastSuccesses(*(None if x is None else float(x) for x in row))
