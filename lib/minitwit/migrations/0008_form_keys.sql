-- Identifies the form that a browser posted a message with, so that a form that is sent
-- twice adds one message. NULL in messages of the API.

ALTER TABLE messages ADD COLUMN form_key uuid;
