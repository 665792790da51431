"""How old the newest backups are, asked when Prometheus asks."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from minitwit.backups import Backups
from minitwit.errors import StorageUnavailable


class BackupAges(Collector):
    """The ages of the newest backup and drill; none while the database is away."""

    def __init__(self, backups: Backups) -> None:
        self._backups = backups

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Return the metric without asking the database: nothing does at start."""
        return [self._family()]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Ask the database."""
        family = self._family()
        try:
            ages = self._backups.ages()
        except StorageUnavailable:
            return []
        for kind, seconds in ages.items():
            family.add_metric([kind], seconds)
        return [family]

    @staticmethod
    def _family() -> GaugeMetricFamily:
        return GaugeMetricFamily(
            "minitwit_backup_age_seconds",
            "Age of the newest full or incremental backup, restore drill, and piece of "
            "WAL in the archive.",
            labels=["kind"],
        )
