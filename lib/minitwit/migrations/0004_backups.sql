-- Which backups and restore drills succeeded: what backs up says so here, and the age of
-- the newest is a metric. A restored database knows the backups before its own.

CREATE TABLE backups (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT backups_pkey PRIMARY KEY,
    kind text NOT NULL
        CONSTRAINT backups_kind_check CHECK (kind IN ('full', 'incremental', 'drill')),
    finished_at timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT ON backups TO minitwit_app;
