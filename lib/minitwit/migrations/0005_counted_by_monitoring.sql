-- The monitoring role may count rows and read no content.

GRANT SELECT (id) ON users, follows, messages TO pg_monitor;
GRANT SELECT ON SEQUENCE latest TO pg_monitor;
GRANT SELECT ON backups TO pg_monitor;
