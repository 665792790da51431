"""The metrics that say when backups last succeeded."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from deploy.local.postgres import APPLICATION, Cluster, running_cluster
from minitwit.backups import Backups
from minitwit.db import Database
from minitwit.runtime.backups import BackupTimes
from tests.clusters import migrate, rows, settings

BACKUP = "minitwit_backup_last_success_timestamp_seconds"
DRILL = "minitwit_restore_drill_last_success_timestamp_seconds"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with running_cluster(tmp_path) as running:
        migrate(running)
        yield running


def registry_of(database: Database) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=True)
    registry.register(BackupTimes(Backups(database)))
    return registry


def test_the_newest_backup_and_drill_are_shown(cluster: Cluster) -> None:
    with closing(Database(settings(cluster, APPLICATION))) as database:
        registry = registry_of(database)
        assert registry.get_sample_value(BACKUP) is None
        rows(
            cluster,
            "INSERT INTO backups (kind, finished_at) VALUES "
            "('full', now() - interval '2 days'), "
            "('incremental', now() - interval '1 hour'), "
            "('drill', now() - interval '3 hours')",
        )
        backup, drill = map(registry.get_sample_value, (BACKUP, DRILL))
        assert backup is not None
        assert drill is not None
        assert 3600 <= time.time() - backup < 3700
        assert 3 * 3600 <= time.time() - drill < 3 * 3600 + 100


def test_nothing_is_shown_and_nothing_fails_while_the_database_is_away(
    tmp_path: Path,
) -> None:
    with running_cluster(tmp_path) as stopped:
        away = settings(stopped, APPLICATION)
    with closing(Database(away)) as database:
        assert list(registry_of(database).collect()) == []
