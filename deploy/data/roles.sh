#!/usr/bin/env bash
# Creates the database and the roles that no migration creates, with their current passwords;
# idempotent. Runs on a new volume, and whenever a server has become the primary.
set -euo pipefail

cd "${SECRETS:-/run/secrets}"
[ -s owner_password ] && [ -s monitor_password ]
# minitwit_app was the functions' role in 0.1.0; the first migrations grant it something.
psql --username=postgres --dbname=postgres --no-psqlrc --quiet --set=ON_ERROR_STOP=1 <<'SQL'
-- On a new volume, Patroni and keeper.sh run this at the same time.
SELECT pg_advisory_lock(1) \g /dev/null
SET client_min_messages = warning;
\set owner_password `cat owner_password`
\set monitor_password `cat monitor_password`
SELECT format('CREATE ROLE %I', name)
    FROM unnest(ARRAY['minitwit', 'minitwit_app', 'minitwit_monitor']) AS name
    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE minitwit LOGIN CREATEROLE PASSWORD :'owner_password';
ALTER ROLE minitwit_monitor LOGIN PASSWORD :'monitor_password';
GRANT pg_monitor TO minitwit_monitor;
SELECT 'CREATE DATABASE minitwit OWNER minitwit'
    WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'minitwit') \gexec
REVOKE ALL ON DATABASE minitwit FROM PUBLIC;
GRANT CONNECT ON DATABASE minitwit TO minitwit_monitor;
\connect minitwit
-- Nobody needs a large object, and by default each role can fill the disk with them.
REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC;
SQL
