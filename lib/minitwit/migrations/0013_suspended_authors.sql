-- A message that is hidden because its author is suspended is flagged as well; it is
-- shown again when the suspension ends, unlike one that a moderator hid by itself.

ALTER TABLE messages ADD COLUMN hidden_with_author boolean NOT NULL DEFAULT false;
GRANT UPDATE (hidden_with_author), DELETE ON messages TO minitwit_app;

-- Accounts of which messages are still to be hidden, or to be shown again: an account may
-- have too many of them for one transaction.
CREATE TABLE suspension_jobs (
    user_id bigint CONSTRAINT suspension_jobs_pkey PRIMARY KEY
        CONSTRAINT suspension_jobs_user_id_fkey REFERENCES users (id) ON DELETE CASCADE,
    hides boolean NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON suspension_jobs TO minitwit_app;
