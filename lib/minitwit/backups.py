"""Backups: when each kind of them last succeeded."""

from minitwit.db import Database


class Backups:
    """The record that backups and restore drills leave."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ages(self) -> dict[str, float]:
        """Return the seconds since the newest of each kind; `wal` is the archive.

        Raises:
            StorageUnavailable: the database does not answer.

        """
        return {kind: float(age) for kind, age in self._database.read("backup_ages")}
