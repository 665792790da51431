"""Backups: what the database knows of its own."""

from minitwit.db import Database


class Backups:
    """The backups, restore drills and archived WAL that succeeded."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ages(self) -> dict[str, float]:
        """Return how many seconds ago each kind last succeeded.

        Raises:
            StorageUnavailable: the database does not answer.

        """
        return {kind: float(age) for kind, age in self._database.read("backup_ages")}
