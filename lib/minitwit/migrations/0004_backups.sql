-- Successful backups and restore drills, recorded by the jobs; the age of the newest is
-- a metric. A restored database lists the backups up to its own.

CREATE TABLE backups (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT backups_pkey PRIMARY KEY,
    kind text NOT NULL
        CONSTRAINT backups_kind_check CHECK (kind IN ('full', 'incremental', 'drill')),
    finished_at timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT ON backups TO minitwit_app;
