-- Identifies the installation, so that a function refuses a wrong database.

CREATE TABLE installation (
    is_the_only_row boolean NOT NULL DEFAULT true
        CONSTRAINT installation_pkey PRIMARY KEY
        CONSTRAINT installation_is_the_only_row_check CHECK (is_the_only_row),
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO installation DEFAULT VALUES;

GRANT SELECT ON installation TO minitwit_app;
