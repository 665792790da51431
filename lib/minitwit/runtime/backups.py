"""When backups last succeeded, asked when Prometheus asks."""

from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from minitwit.backups import Backups
from minitwit.errors import StorageUnavailable


class BackupTimes(Collector):
    """The times of the newest backup and restore drill; none without the database."""

    def __init__(self, backups: Backups) -> None:
        self._backups = backups

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Return the metrics without asking the database: nothing does at start."""
        return _families(None, None, None)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Ask the database."""
        try:
            times = self._backups.last_successes()
        except StorageUnavailable:
            return
        for family in _families(times.backup, times.drill, times.wal):
            if family.samples:
                yield family


def _families(
    backup: float | None, drill: float | None, wal: float | None
) -> list[GaugeMetricFamily]:
    return [
        GaugeMetricFamily(
            "minitwit_backup_last_success_timestamp_seconds",
            "When a full or an incremental backup last succeeded.",
            backup,
        ),
        GaugeMetricFamily(
            "minitwit_restore_drill_last_success_timestamp_seconds",
            "When the newest backup was last restored beside the database, and whole.",
            drill,
        ),
        GaugeMetricFamily(
            "minitwit_wal_archived_timestamp_seconds",
            "When a piece of WAL last came into the archive.",
            wal,
        ),
    ]
