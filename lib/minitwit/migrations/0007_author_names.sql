-- Lists show who wrote a message; to look each name up took as long as the rest of the list.
-- A name is never changed (the functions may not), so a message can hold it. It is NULL where
-- a release before this one added the message, or an import; then the name is looked up.

ALTER TABLE messages ADD COLUMN author_name text;
