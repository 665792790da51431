# shellcheck shell=bash
# Creates the role that postgres-exporter uses. Runs once on a new volume, and by hand for a
# database that is older than the tools; idempotent.

psql --host=/var/run/postgresql --username=postgres --dbname=minitwit \
    --no-psqlrc --quiet -v ON_ERROR_STOP=1 <<'SQL'
\set monitor_password `cat /run/secrets/monitor_password`
SELECT 'CREATE ROLE minitwit_monitor'
    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'minitwit_monitor') \gexec
ALTER ROLE minitwit_monitor LOGIN PASSWORD :'monitor_password';
GRANT pg_monitor TO minitwit_monitor;
GRANT CONNECT ON DATABASE minitwit TO minitwit_monitor;
SQL
