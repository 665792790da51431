-- Which messages mention which users. A mention repeats its message's date and flag, so
-- that one index finds the newest that a user may see, however many are hidden.

CREATE TABLE mentions (
    message_id bigint NOT NULL
        CONSTRAINT mentions_message_id_fkey REFERENCES messages (id) ON DELETE CASCADE,
    user_id bigint NOT NULL
        CONSTRAINT mentions_user_id_fkey REFERENCES users (id),
    pub_date bigint NOT NULL,
    flagged boolean NOT NULL DEFAULT false,
    CONSTRAINT mentions_pkey PRIMARY KEY (message_id, user_id)
) WITH (
    autovacuum_vacuum_insert_threshold = 10000,
    autovacuum_vacuum_insert_scale_factor = 0
);
CREATE INDEX mentions_user_id_idx
    ON mentions (user_id, flagged, pub_date DESC, message_id DESC);

-- By a trigger, because several statements hide messages, and operators may with psql.
CREATE FUNCTION flag_mentions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE mentions SET flagged = NEW.flagged WHERE message_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER messages_flag_mentions AFTER UPDATE OF flagged ON messages
    FOR EACH ROW WHEN (OLD.flagged <> NEW.flagged) EXECUTE FUNCTION flag_mentions();

GRANT SELECT, INSERT, DELETE, UPDATE (flagged) ON mentions TO minitwit_app;
