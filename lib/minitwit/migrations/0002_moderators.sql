-- Moderators hide and restore messages. The functions' role may set the flag, but only
-- the database's owner may make a user a moderator.

-- Moderators see hidden messages among the others, in the same order; they are few, so
-- partial indexes find them.
CREATE INDEX messages_flagged_idx ON messages (pub_date DESC, id DESC) WHERE flagged;
CREATE INDEX messages_flagged_author_id_idx
    ON messages (author_id, pub_date DESC, id DESC) WHERE flagged;
GRANT UPDATE (flagged) ON messages TO minitwit_app;

-- Last, because ALTER TABLE locks users until the migration commits.
ALTER TABLE users ADD COLUMN is_moderator boolean NOT NULL DEFAULT false;
