# shellcheck shell=bash
# Runs once on a new volume: creates the database, the role that owns it, and the role of the
# functions, which may only read and write rows (the migrations grant which).

psql --username postgres --no-psqlrc --quiet -v ON_ERROR_STOP=1 <<'SQL'
\set owner_password `cat /run/secrets/owner_password`
\set database_password `cat /run/secrets/database_password`
CREATE ROLE minitwit LOGIN PASSWORD :'owner_password';
CREATE ROLE minitwit_app LOGIN PASSWORD :'database_password';
CREATE DATABASE minitwit OWNER minitwit;
REVOKE ALL ON DATABASE minitwit FROM PUBLIC;
GRANT CONNECT ON DATABASE minitwit TO minitwit_app;
SQL
