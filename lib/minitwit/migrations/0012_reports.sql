-- Messages that readers reported to the moderators; a dismissed report stays, so that
-- its reader cannot report the message again.

CREATE TABLE reports (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT reports_pkey PRIMARY KEY,
    message_id bigint NOT NULL
        CONSTRAINT reports_message_id_fkey REFERENCES messages (id) ON DELETE CASCADE,
    reporter_id bigint NOT NULL
        CONSTRAINT reports_reporter_id_fkey REFERENCES users (id),
    reported_at timestamptz NOT NULL DEFAULT now(),
    is_open boolean NOT NULL DEFAULT true,
    CONSTRAINT reports_message_id_reporter_id_key UNIQUE (message_id, reporter_id)
);
CREATE INDEX reports_open_idx ON reports (message_id, reported_at) WHERE is_open;
CREATE INDEX reports_reporter_id_idx ON reports (reporter_id);

GRANT SELECT, INSERT, DELETE, UPDATE (is_open) ON reports TO minitwit_app;
