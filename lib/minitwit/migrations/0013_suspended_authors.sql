-- A message that is hidden because its author is suspended is flagged as well; it is
-- shown again when the suspension ends, unlike one that a moderator hid by itself.

ALTER TABLE messages ADD COLUMN hidden_with_author boolean NOT NULL DEFAULT false;
GRANT UPDATE (hidden_with_author), DELETE ON messages TO minitwit_app;
