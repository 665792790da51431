-- name: installation
-- Read the id of the installation and when it was created.
SELECT id, created_at FROM installation;

-- name: installation_id
-- functions: all
-- Read the id of the installation as text.
SELECT id::text FROM installation;

-- name: tables
-- List the tables of the first schema of the search path.
SELECT relname FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
ORDER BY relname;
