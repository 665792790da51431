-- Sessions, so that one can be ended wherever its cookie was copied to.

CREATE TABLE sessions (
    id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT sessions_pkey PRIMARY KEY,
    user_id bigint NOT NULL
        CONSTRAINT sessions_user_id_fkey REFERENCES users (id),
    user_agent text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sessions_user_id_idx ON sessions (user_id);

GRANT SELECT, INSERT, DELETE, UPDATE (last_used_at) ON sessions TO minitwit_app;
