-- name: last_successes
-- Read when a backup, a restore drill and the archiving of WAL last succeeded, in Unix
-- seconds.
SELECT
    (SELECT extract(epoch FROM max(finished_at)) FROM backups WHERE kind <> 'drill'),
    (SELECT extract(epoch FROM max(finished_at)) FROM backups WHERE kind = 'drill'),
    (SELECT extract(epoch FROM last_archived_time) FROM pg_stat_archiver);
