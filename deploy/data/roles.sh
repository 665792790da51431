# shellcheck shell=bash
# Runs once on a new volume: creates the database and the role that owns it. `minitwit
# migrate` creates the roles of the functions. minitwit_app was theirs in 0.1.0; the first
# migrations grant it something, so it has to exist.

psql --username postgres --no-psqlrc --quiet -v ON_ERROR_STOP=1 <<'SQL'
\set owner_password `cat /run/secrets/owner_password`
CREATE ROLE minitwit LOGIN CREATEROLE PASSWORD :'owner_password';
CREATE ROLE minitwit_app;
CREATE DATABASE minitwit OWNER minitwit;
REVOKE ALL ON DATABASE minitwit FROM PUBLIC;
SQL
