-- name: export_account
-- functions: register
-- Read an account as JSON, and its sessions as JSON.
SELECT json_build_object(
    'id', id, 'username', username, 'email', email, 'created_at', created_at,
    'is_moderator', is_moderator
)::text, coalesce((
    SELECT json_agg(json_build_object(
        'user_agent', user_agent, 'created_at', sessions.created_at,
        'last_used_at', last_used_at
    ))
    FROM sessions WHERE user_id = users.id
), '[]')::text
FROM users WHERE id = :user_id;

-- name: export_follows
-- functions: register
-- List the users that a user follows before a place as JSON, newest follow first. As in
-- the other lists, the place of a row is a date and an id; this one needs no date.
SELECT 0, id, to_json((SELECT username FROM users WHERE users.id = followed_id))::text
FROM follows
WHERE follower_id = :user_id AND id < :before_id
ORDER BY id DESC
LIMIT :limit;

-- name: export_followers
-- functions: register
-- List a user's followers before a place as JSON, newest follow first.
SELECT 0, id, to_json((SELECT username FROM users WHERE users.id = follower_id))::text
FROM follows
WHERE followed_id = :user_id AND id < :before_id
ORDER BY id DESC
LIMIT :limit;

-- name: export_reports
-- functions: register
-- List a user's reports before a place as JSON, newest first.
SELECT 0, id, json_build_object('message', message_id, 'reported_at', reported_at)::text
FROM reports
WHERE reporter_id = :user_id AND id < :before_id
ORDER BY id DESC
LIMIT :limit;

-- name: export_messages
-- functions: register
-- List a user's messages before a place as JSON, newest first.
SELECT pub_date, id,
    json_build_object('id', id, 'pub_date', pub_date, 'content', content)::text
FROM messages
WHERE author_id = :user_id AND NOT flagged
    AND (pub_date, id) < (:before_date, :before_id)
ORDER BY pub_date DESC, id DESC
LIMIT :limit;

-- name: export_hidden_messages
-- functions: register
-- List a user's hidden messages before a place as JSON, newest first.
SELECT pub_date, id,
    json_build_object('id', id, 'pub_date', pub_date, 'content', content)::text
FROM messages
WHERE author_id = :user_id AND flagged
    AND (pub_date, id) < (:before_date, :before_id)
ORDER BY pub_date DESC, id DESC
LIMIT :limit;
