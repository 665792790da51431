-- Which messages mention which users. pub_date is the message's, for the order.

CREATE TABLE mentions (
    user_id bigint NOT NULL
        CONSTRAINT mentions_user_id_fkey REFERENCES users (id),
    pub_date bigint NOT NULL,
    message_id bigint NOT NULL
        CONSTRAINT mentions_message_id_fkey REFERENCES messages (id) ON DELETE CASCADE,
    CONSTRAINT mentions_pkey PRIMARY KEY (user_id, pub_date, message_id)
);
CREATE INDEX mentions_message_id_idx ON mentions (message_id);

GRANT SELECT, INSERT, DELETE ON mentions TO minitwit_app;
