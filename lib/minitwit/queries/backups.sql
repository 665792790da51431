-- name: backup_ages
-- List how many seconds ago each kind of backup last succeeded; `wal` is the archive.
SELECT kind, extract(epoch FROM now() - max(finished_at))::double precision
FROM backups
GROUP BY kind
UNION ALL
SELECT 'wal', extract(epoch FROM now() - last_archived_time)::double precision
FROM pg_stat_archiver
WHERE last_archived_time IS NOT NULL
LIMIT 10;
