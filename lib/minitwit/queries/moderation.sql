-- name: is_moderator
-- functions: messages
-- Read whether an account may hide messages.
SELECT EXISTS (SELECT FROM users WHERE id = :id AND is_moderator);

-- name: set_moderator
-- Grant or revoke moderation; returns no row for an unknown user.
UPDATE users SET is_moderator = :is_moderator WHERE username = :username RETURNING id;

-- name: set_flag
-- functions: messages
-- Hide a message and close its reports, or restore it, on behalf of a moderator, or of
-- the operator if none is given. No row without the right or the message; the id is NULL
-- for a message that stays hidden because its author is suspended. The lock makes a
-- suspension wait for this statement, or this statement see the suspension.
WITH author AS (
    SELECT username, suspended_at IS NOT NULL AS is_suspended FROM users
    WHERE id = (SELECT author_id FROM messages WHERE id = :id)
        AND (:moderator_id::bigint IS NULL OR EXISTS (
            SELECT FROM users AS moderator
            WHERE moderator.id = :moderator_id AND moderator.is_moderator
        ))
    FOR KEY SHARE
), changed AS (
    UPDATE messages SET flagged = :flagged::boolean, hidden_with_author = false
    FROM author
    WHERE messages.id = :id AND (:flagged::boolean OR NOT is_suspended)
    RETURNING messages.id
), closed AS (
    UPDATE reports SET is_open = false FROM changed
    WHERE message_id = changed.id AND is_open
)
SELECT username, (SELECT id FROM changed) FROM author;

-- name: count_hidden_messages
-- functions: timeline
-- Count a user's hidden messages, up to a limit.
SELECT count(*) FROM (
    SELECT FROM messages WHERE author_id = :author_id AND flagged LIMIT :limit
) AS hidden;

-- name: hidden_public_timeline
-- functions: timeline
-- List all users' hidden messages before a cursor, newest first.
SELECT id, (SELECT username FROM users WHERE users.id = author_id), content, pub_date,
    true
FROM messages
WHERE flagged AND NOT hidden_with_author AND (pub_date, id) < (:before_date, :before_id)
ORDER BY pub_date DESC, id DESC
LIMIT :limit;

-- name: hidden_user_timeline
-- functions: timeline
-- List a user's hidden messages before a cursor, newest first.
SELECT id, :username::text, content, pub_date, true FROM messages
WHERE author_id = :author_id AND flagged
    AND (pub_date, id) < (:before_date, :before_id)
ORDER BY pub_date DESC, id DESC
LIMIT :limit;

-- name: hidden_own_timeline
-- functions: timeline
-- List hidden messages of a user and of the followed users before a cursor, newest first.
SELECT id, (SELECT username FROM users WHERE users.id = author_id), content, pub_date,
    true
FROM messages
WHERE flagged AND NOT hidden_with_author AND (pub_date, id) < (:before_date, :before_id)
    AND (author_id = :user_id OR EXISTS (
        SELECT FROM follows
        WHERE follower_id = :user_id AND followed_id = messages.author_id
    ))
ORDER BY pub_date DESC, id DESC
LIMIT :limit;
