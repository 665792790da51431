"""How old the newest backups are, asked when Prometheus asks."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from minitwit.db import Database
from minitwit.errors import StorageUnavailable


class BackupAges(Collector):
    """The ages of the newest backup and drill; none while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Return the metric without asking the database: nothing does at start."""
        return [self._family()]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Ask the database."""
        family = self._family()
        try:
            rows = self._database.read("backup_ages")
        except StorageUnavailable:
            return []
        for kind, seconds in rows:
            family.add_metric([kind], float(seconds))
        return [family]

    @staticmethod
    def _family() -> GaugeMetricFamily:
        return GaugeMetricFamily(
            "minitwit_backup_age_seconds",
            "Age of the newest full or incremental backup, restore drill, and piece of "
            "WAL in the archive.",
            labels=["kind"],
        )
