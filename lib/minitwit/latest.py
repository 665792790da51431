"""The simulator's progress mark: the number of its last request, for all replicas."""

from minitwit.postgres.database import Database


class LatestMark:
    """One number that the last request processed sets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, value: int) -> None:
        """Set the mark; the last writer wins, so it may go down."""
        self._database.write("record_latest", value=value)

    def value(self) -> int:
        """Return the mark; -1 before any."""
        return int(self._database.read("latest")[0][0])
