-- What an account holds beyond its name and password. signed_out_at ends the sessions
-- that earlier releases began, which are in no table; the functions' role may rename an
-- account, since one that is being deleted gives up its name first.

-- Names of deleted accounts, refused to others for a while.
CREATE TABLE former_usernames (
    username text CONSTRAINT former_usernames_pkey PRIMARY KEY,
    freed_at timestamptz NOT NULL DEFAULT now()
);

-- The throttle of wrong passwords: token buckets, each as the time when it is full
-- again. Its number is a hash of a username, so that a name without an account has a
-- bucket as well, and the table has 2^20 rows at most.
CREATE TABLE sign_in_attempts (
    bucket int CONSTRAINT sign_in_attempts_pkey PRIMARY KEY,
    full_at timestamptz NOT NULL
);

-- One-time links that an operator hands out; the token itself is not stored.
CREATE TABLE password_resets (
    token_digest text CONSTRAINT password_resets_pkey PRIMARY KEY,
    user_id bigint NOT NULL
        CONSTRAINT password_resets_user_id_fkey REFERENCES users (id),
    expires_at timestamptz NOT NULL
);
CREATE INDEX password_resets_user_id_idx ON password_resets (user_id);

GRANT SELECT, INSERT, UPDATE ON sign_in_attempts TO minitwit_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON former_usernames TO minitwit_app;
GRANT SELECT, DELETE ON password_resets TO minitwit_app;

-- Last, because ALTER TABLE locks users until the migration commits.
ALTER TABLE users
    ADD COLUMN signed_out_at timestamptz,
    ADD COLUMN suspended_at timestamptz,
    ADD COLUMN deleted_at timestamptz,
    ADD COLUMN mentions_seen_date bigint NOT NULL DEFAULT 0,
    ADD COLUMN mentions_seen_id bigint NOT NULL DEFAULT 0;
CREATE INDEX users_deleted_at_idx ON users (deleted_at) WHERE deleted_at IS NOT NULL;
GRANT UPDATE (username, signed_out_at, suspended_at, deleted_at, mentions_seen_date, mentions_seen_id), DELETE
    ON users TO minitwit_app;
GRANT SELECT (deleted_at) ON users TO pg_monitor;
