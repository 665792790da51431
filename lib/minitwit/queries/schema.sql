-- name: schema_version
-- Read the version of the newest migration that was applied.
SELECT max(version) FROM schema_migrations;
