-- Moderators hide messages and restore them. The functions may do that in their name,
-- but only the owner of the database makes somebody a moderator.

-- Hidden messages are few. Moderators see them among the others, so they are found in
-- the same order by indexes of their own.
CREATE INDEX messages_flagged_idx ON messages (pub_date DESC, id DESC) WHERE flagged;
CREATE INDEX messages_flagged_author_id_idx
    ON messages (author_id, pub_date DESC, id DESC) WHERE flagged;
GRANT UPDATE (flagged) ON messages TO minitwit_app;

-- Last, since nobody can read the users from here to the end of the migration.
ALTER TABLE users ADD COLUMN is_moderator boolean NOT NULL DEFAULT false;
