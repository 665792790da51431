"""The metric that says how old the newest backup is."""

from contextlib import closing
from pathlib import Path

from prometheus_client import CollectorRegistry

from deploy.local.postgres import APPLICATION, running_cluster
from minitwit.backups import Backups
from minitwit.db import Database
from minitwit.runtime.backups import BackupAges
from tests.clusters import migrate, rows, settings

NAME = "minitwit_backup_age_seconds"


def test_the_age_of_the_newest_backup_of_each_kind_is_shown(tmp_path: Path) -> None:
    with running_cluster(tmp_path) as cluster:
        migrate(cluster)
        with closing(Database(settings(cluster, APPLICATION))) as database:
            registry = CollectorRegistry()
            registry.register(BackupAges(Backups(database)))
            assert registry.get_sample_value(NAME, {"kind": "full"}) is None
            rows(
                cluster,
                "INSERT INTO backups (kind, finished_at) VALUES "
                "('full', now() - interval '2 days'), "
                "('full', now() - interval '1 hour'), "
                "('drill', now() - interval '3 hours')",
            )
            age = registry.get_sample_value(NAME, {"kind": "full"})
            assert age is not None
            assert 3600 <= age < 3700
            assert registry.get_sample_value(NAME, {"kind": "drill"})


def test_no_age_is_shown_while_the_database_is_away(tmp_path: Path) -> None:
    with running_cluster(tmp_path) as cluster:
        away = settings(cluster, APPLICATION)
    with closing(Database(away)) as database:
        registry = CollectorRegistry()
        registry.register(BackupAges(Backups(database)))
        assert list(registry.collect()) == []
