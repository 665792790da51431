-- name: record_latest
-- Set the simulator's progress mark. Its commit waits for no flush: the mark of the
-- last half second may be lost in a crash, and the next request sets it again.
SELECT setval('latest', :value)
FROM set_config('synchronous_commit', 'off', true);

-- name: latest
-- Read the simulator's progress mark; -1 before any.
SELECT last_value FROM latest;
