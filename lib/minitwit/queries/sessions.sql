-- name: start_session
-- functions: register
-- Start a session of an account whose password was verified; end its oldest where there
-- are too many, and those that were not used for so many days. No row when the password
-- was replaced since, or the account suspended or deleted: the lock waits for a change
-- that has begun.
WITH ended AS (
    DELETE FROM sessions WHERE user_id = :user_id AND (
        last_used_at < now() - make_interval(days => :days)
        OR id NOT IN (
            SELECT id FROM sessions WHERE user_id = :user_id
            ORDER BY last_used_at DESC LIMIT :limit
        )
    )
)
INSERT INTO sessions (user_id, user_agent)
SELECT id, :user_agent FROM users
WHERE id = :user_id AND password_hash = :password_hash
    AND suspended_at IS NULL AND deleted_at IS NULL
FOR SHARE
RETURNING id;

-- name: move_session
-- functions: timeline
-- Start a session for a cookie that names none, and end others likewise. No row for an
-- account that is being deleted: the lock, which the foreign key takes as well, waits
-- for a deletion that has begun.
WITH ended AS (
    DELETE FROM sessions WHERE user_id = :user_id AND (
        last_used_at < now() - make_interval(days => :days)
        OR id NOT IN (
            SELECT id FROM sessions WHERE user_id = :user_id
            ORDER BY last_used_at DESC LIMIT :limit
        )
    )
)
INSERT INTO sessions (user_id, user_agent)
SELECT id, :user_agent FROM users WHERE id = :user_id AND deleted_at IS NULL
FOR KEY SHARE
RETURNING id;

-- name: session_account
-- functions: all
-- Find the account of a session; no row when the session was ended.
SELECT users.id, username FROM sessions JOIN users ON users.id = user_id
WHERE sessions.id = :id AND user_id = :user_id AND suspended_at IS NULL;

-- name: reader
-- functions: timeline
-- Find the account of a session as a reader: whether it may hide messages, whether it
-- follows many users, for a moderator how many messages have open reports, and how many
-- mentions it has not seen, each up to a limit. No row when the session was ended.
SELECT users.id, username, is_moderator, (
    SELECT count(*) > :many FROM (
        SELECT FROM follows WHERE follower_id = users.id LIMIT :many + 1
    ) AS followed
), CASE WHEN is_moderator THEN (
    SELECT count(*) FROM (
        SELECT message_id FROM reports WHERE is_open
        GROUP BY message_id ORDER BY message_id LIMIT :many_reports + 1
    ) AS reported
) ELSE 0 END, (
    SELECT count(*) FROM (
        SELECT FROM mentions
        WHERE mentions.user_id = users.id AND NOT flagged
            AND (pub_date, message_id) > (mentions_seen_date, mentions_seen_id)
        ORDER BY pub_date DESC, message_id DESC
        LIMIT :most_mentions
    ) AS unseen
)
FROM sessions JOIN users ON users.id = user_id
WHERE sessions.id = :id AND sessions.user_id = :user_id AND suspended_at IS NULL;

-- name: account_signed_in_at
-- functions: all
-- Find the account of a cookie that names no session, as earlier releases set them; no
-- row when the account was signed out since.
SELECT id, username FROM users
WHERE id = :user_id AND suspended_at IS NULL AND deleted_at IS NULL
    AND (signed_out_at IS NULL OR signed_out_at < to_timestamp(:signed_at));

-- name: use_session
-- functions: timeline
-- Note that a session is in use; no row when it began so many days ago or was ended.
UPDATE sessions SET last_used_at = now()
WHERE id = :id AND user_id = :user_id
    AND created_at > now() - make_interval(days => :days)
RETURNING id;

-- name: end_session
-- functions: register
-- End a session of an account, and all cookies of the account that name no session.
WITH ended AS (
    DELETE FROM sessions WHERE id = :id AND user_id = :user_id
)
UPDATE users SET signed_out_at = now() WHERE id = :user_id;

-- name: end_all_sessions
-- functions: register
-- End all sessions of an account, and all cookies of it that name no session.
WITH ended AS (
    DELETE FROM sessions WHERE user_id = :user_id
)
UPDATE users SET signed_out_at = now() WHERE id = :user_id;

-- name: list_sessions
-- functions: timeline
-- List an account's sessions that were used in so many days, newest use first.
SELECT id, user_agent, extract(epoch FROM created_at)::bigint,
    extract(epoch FROM last_used_at)::bigint
FROM sessions
WHERE user_id = :user_id AND last_used_at > now() - make_interval(days => :days)
ORDER BY last_used_at DESC, id LIMIT :limit;
