-- Whoever monitors the database may count what is in it, and see nothing of it.

GRANT SELECT (id) ON users, follows, messages TO pg_monitor;
GRANT SELECT ON SEQUENCE latest TO pg_monitor;
GRANT SELECT ON backups TO pg_monitor;
