-- name: record_latest
-- Set the simulator's progress mark. The commit does not wait for the WAL flush: a
-- crash may lose the mark of the last half second, and the next request sets it again.
SELECT setval('latest', :value)
FROM set_config('synchronous_commit', 'off', true);

-- name: latest
-- Read the simulator's progress mark; -1 before any.
SELECT last_value FROM latest;
