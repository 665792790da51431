-- name: report_message
-- functions: messages
-- Report a visible message, once a reader; returns whether it is the reader's own, which
-- cannot be reported; no row for an unknown or hidden message.
WITH message AS (
    SELECT id, author_id = :reporter_id AS is_own FROM messages
    WHERE id = :message_id AND NOT flagged
), added AS (
    INSERT INTO reports (message_id, reporter_id)
    SELECT id, :reporter_id FROM message WHERE NOT is_own
    ON CONFLICT DO NOTHING
)
SELECT is_own FROM message;

-- name: reported_messages
-- functions: timeline
-- List the messages with open reports before a message, newest first, each with the
-- number of its reports and the time of the first.
WITH reported AS MATERIALIZED (
    SELECT message_id, count(*) AS number, min(reported_at) AS first_reported_at
    FROM reports
    WHERE is_open AND message_id < :before
    GROUP BY message_id
    ORDER BY message_id DESC
    LIMIT :limit
)
SELECT message_id, (SELECT username FROM users WHERE users.id = author_id), content,
    pub_date, flagged, number, floor(extract(epoch FROM first_reported_at))::bigint
FROM reported JOIN messages ON messages.id = message_id
ORDER BY message_id DESC
LIMIT :limit;

-- name: dismiss_reports
-- functions: messages
-- Close the reports of a message on behalf of a moderator; no row without the right.
WITH moderator AS (
    SELECT id FROM users WHERE id = :moderator_id AND is_moderator
), dismissed AS (
    UPDATE reports SET is_open = false FROM moderator
    WHERE message_id = :message_id AND is_open
)
SELECT id FROM moderator;
