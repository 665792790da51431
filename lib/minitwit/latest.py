"""The simulator's progress mark: the number of its last request, for all replicas."""

from minitwit.postgres.database import Database


class ProgressMark:
    """The number that the last processed request reported as `latest`.

    Args:
        database: where it is stored.

    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, value: int) -> None:
        """Set the mark; the last writer wins, so it may decrease."""
        self._database.write("record_latest", value=value)

    def value(self) -> int:
        """Return the mark; -1 before any."""
        return int(self._database.read("latest")[0][0])
