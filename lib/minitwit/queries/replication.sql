-- name: flushed_position
-- functions: all
-- Read the primary's WAL flush position in bytes: every acknowledged commit is before.
SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint;

-- name: replayed_position
-- functions: all
-- Read a standby's WAL replay position in bytes, NULL on a primary, and whether that is all it received.
SELECT
    CASE
        WHEN pg_is_in_recovery()
        THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint
    END,
    coalesce(pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn(), true);
