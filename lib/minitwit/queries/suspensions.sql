-- name: suspend_user
-- functions: messages
-- Suspend an account, end its sessions and close the reports of its messages, on behalf
-- of a moderator, or of the operator if none is given; returns no row for an account
-- that is unknown or a moderator's. FOR UPDATE waits for posts that have begun: they
-- hold FOR KEY SHARE, so the statements that hide messages afterwards see theirs.
WITH account AS (
    SELECT id FROM users
    WHERE username = :username AND NOT is_moderator AND deleted_at IS NULL
        AND (:moderator_id::bigint IS NULL OR EXISTS (
            SELECT FROM users AS moderator
            WHERE moderator.id = :moderator_id AND moderator.is_moderator
        ))
    FOR UPDATE
), suspended AS (
    UPDATE users
    SET suspended_at = coalesce(suspended_at, now()), signed_out_at = now()
    FROM account WHERE users.id = account.id
), ended AS (
    DELETE FROM sessions USING account WHERE user_id = account.id
), closed AS (
    UPDATE reports SET is_open = false FROM messages, account
    WHERE is_open AND messages.id = message_id AND author_id = account.id
), job AS (
    INSERT INTO suspension_jobs (user_id, hides) SELECT id, true FROM account
    ON CONFLICT (user_id) DO UPDATE SET hides = true
)
SELECT id FROM account;

-- name: unsuspend_user
-- functions: messages
-- Lift the suspension of an account, on behalf of a moderator, or of the operator if
-- none is given; returns no row for an unknown account.
WITH account AS (
    SELECT id, suspended_at FROM users
    WHERE username = :username
        AND (:moderator_id::bigint IS NULL OR EXISTS (
            SELECT FROM users AS moderator
            WHERE moderator.id = :moderator_id AND moderator.is_moderator
        ))
    FOR UPDATE
), lifted AS (
    UPDATE users SET suspended_at = NULL FROM account WHERE users.id = account.id
), job AS (
    INSERT INTO suspension_jobs (user_id, hides)
    SELECT id, false FROM account WHERE suspended_at IS NOT NULL
    ON CONFLICT (user_id) DO UPDATE SET hides = false
)
SELECT id FROM account;

-- name: pending_suspension_job
-- functions: messages, timeline
-- Find an account of which messages are still to be hidden or to be shown again.
SELECT user_id FROM suspension_jobs ORDER BY user_id LIMIT 1;

-- name: run_suspension_job
-- functions: messages, timeline
-- Hide or show again some messages of an account, newest first; returns what the job is
-- and how many messages it has changed, no row when the account has no job.
WITH job AS (
    SELECT user_id, hides FROM suspension_jobs WHERE user_id = :user_id FOR UPDATE
), newest AS (
    SELECT message.id, hides FROM job
    CROSS JOIN LATERAL (
        SELECT id FROM messages
        WHERE author_id = user_id AND flagged = NOT hides
            AND (hides OR hidden_with_author)
        ORDER BY pub_date DESC, id DESC
        LIMIT :limit
    ) AS message
), changed AS (
    UPDATE messages SET flagged = hides, hidden_with_author = hides
    FROM newest
    WHERE messages.id = newest.id AND flagged = NOT hides
        AND (hides OR hidden_with_author)
    RETURNING messages.id
)
SELECT hides, (SELECT count(*) FROM changed) FROM job;

-- name: end_suspension_job
-- functions: messages, timeline
-- End a job that has nothing left to do. Asked in a statement of its own: that of the
-- job may have waited for another one and not have seen its changes.
DELETE FROM suspension_jobs
WHERE user_id = :user_id AND hides = :hides AND NOT EXISTS (
    SELECT FROM messages
    WHERE author_id = :user_id AND flagged = NOT :hides
        AND (:hides OR hidden_with_author)
);

-- name: is_account
-- functions: messages
-- Read whether an account has a username.
SELECT EXISTS (SELECT FROM users WHERE username = :username);
