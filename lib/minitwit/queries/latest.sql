-- name: record_latest
-- functions: follow, messages, register
-- Set the simulator's progress mark. The commit does not wait for the WAL flush: a
-- crash may lose the mark of the last half second, and the next request sets it again.
SELECT setval('latest', :value)
FROM set_config('synchronous_commit', 'off', true);

-- name: latest
-- functions: messages
-- Read the simulator's progress mark; -1 before any.
SELECT last_value FROM latest;
