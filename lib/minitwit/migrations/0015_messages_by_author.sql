-- One index finds every message of an author, hidden or not, as the foreign key needs
-- when an account is deleted. Before, there was a partial one for each.

CREATE INDEX CONCURRENTLY IF NOT EXISTS messages_author_idx
    ON messages (author_id, flagged, pub_date DESC, id DESC);
DROP INDEX CONCURRENTLY IF EXISTS messages_author_id_idx;
DROP INDEX CONCURRENTLY IF EXISTS messages_flagged_author_id_idx;

-- Moderators' pages leave out what is hidden with its author, which may be a million
-- messages. messages_flagged_idx stays for the release before, which may come back.
CREATE INDEX CONCURRENTLY IF NOT EXISTS messages_hidden_idx
    ON messages (pub_date DESC, id DESC)
    WHERE flagged AND NOT hidden_with_author;
