-- name: is_moderator
-- Read whether an account may hide messages.
SELECT EXISTS (SELECT FROM users WHERE id = :id AND is_moderator);

-- name: set_moderator
-- Grant or revoke moderation; returns no row for an unknown user.
UPDATE users SET is_moderator = :is_moderator WHERE username = :username RETURNING id;

-- name: set_flag
-- Hide a message, or restore it; returns no row for an unknown message.
UPDATE messages SET flagged = :flagged WHERE id = :id RETURNING id;

-- name: set_flag_as
-- The same on behalf of a moderator, whose right the same statement checks; returns no
-- row when the right or the message is missing.
UPDATE messages SET flagged = :flagged
FROM users AS moderator, users AS author
WHERE messages.id = :id AND author.id = messages.author_id
    AND moderator.id = :moderator_id AND moderator.is_moderator
RETURNING author.username;

-- name: count_hidden_messages
-- Count a user's hidden messages, up to a limit.
SELECT count(*) FROM (
    SELECT FROM messages WHERE author_id = :author_id AND flagged LIMIT :limit
) AS hidden;

-- name: hidden_public_timeline
-- List all users' hidden messages before a cursor, newest first.
SELECT id, (SELECT username FROM users WHERE users.id = author_id), content, pub_date,
    true
FROM messages
WHERE flagged AND (pub_date, id) < (:before_date, :before_id)
ORDER BY pub_date DESC, id DESC
LIMIT :limit;

-- name: hidden_user_timeline
-- List a user's hidden messages before a cursor, newest first.
SELECT id, :username::text, content, pub_date, true FROM messages
WHERE author_id = :author_id AND flagged
    AND (pub_date, id) < (:before_date, :before_id)
ORDER BY pub_date DESC, id DESC
LIMIT :limit;

-- name: hidden_own_timeline
-- List hidden messages of a user and of the followed users before a cursor, newest first.
SELECT id, (SELECT username FROM users WHERE users.id = author_id), content, pub_date,
    true
FROM messages
WHERE flagged AND (pub_date, id) < (:before_date, :before_id)
    AND (author_id = :user_id OR EXISTS (
        SELECT FROM follows
        WHERE follower_id = :user_id AND followed_id = messages.author_id
    ))
ORDER BY pub_date DESC, id DESC
LIMIT :limit;
