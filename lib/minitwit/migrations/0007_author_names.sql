-- Lists show each message's author; looking the names up took as long as the rest of the
-- list. Usernames never change (the functions' role may not), so a message can hold its
-- author's. NULL in imported messages and those of earlier releases: then users has it.

ALTER TABLE messages ADD COLUMN author_name text;
