-- name: flushed_position
-- Read up to where the primary's log is safe, in bytes: all that was acknowledged.
SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint;

-- name: replayed_position
-- Read how far a standby has come, in bytes; NULL on a server that is none.
SELECT CASE
    WHEN pg_is_in_recovery()
    THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint
END;
