-- name: schema_version
-- functions: all
-- Read the version of the newest migration that was applied.
SELECT max(version) FROM schema_migrations;
