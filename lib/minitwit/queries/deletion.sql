-- name: keep_username
-- functions: register
-- Keep a username from being registered for some days. It is committed before the
-- account gives the name up, so that no registration comes between the two.
WITH expired AS (
    DELETE FROM former_usernames
    WHERE freed_at < now() - make_interval(days => :days) AND username <> :username
)
INSERT INTO former_usernames (username) VALUES (:username)
ON CONFLICT (username) DO UPDATE SET freed_at = now();

-- name: close_account
-- functions: register
-- Take an account's name from it and end its sessions. With a slash in it, the new name
-- is in no path and cannot be registered.
WITH ended AS (
    DELETE FROM sessions WHERE user_id = :id
), revoked AS (
    DELETE FROM password_resets WHERE user_id = :id
)
UPDATE users SET username = 'deleted/' || id, deleted_at = now(), signed_out_at = now()
WHERE id = :id AND deleted_at IS NULL;

-- name: pending_deletion
-- functions: register
-- Find the account whose deletion has been pending for longest.
SELECT id FROM users WHERE deleted_at IS NOT NULL ORDER BY deleted_at LIMIT 1;

-- name: delete_followed
-- functions: register
-- Delete some follows of a user; return how many.
WITH gone AS (
    DELETE FROM follows WHERE id IN (
        SELECT id FROM follows WHERE follower_id = :id LIMIT :limit
    ) RETURNING id
)
SELECT count(*) FROM gone;

-- name: delete_followers
-- functions: register
-- Delete some follows of a user by others; return how many.
WITH gone AS (
    DELETE FROM follows WHERE id IN (
        SELECT id FROM follows WHERE followed_id = :id LIMIT :limit
    ) RETURNING id
)
SELECT count(*) FROM gone;

-- name: delete_mentions
-- functions: register
-- Delete some mentions of a user; return how many. A row that another transaction holds
-- is left to the next time: waiting for it could be a deadlock.
WITH gone AS (
    DELETE FROM mentions WHERE user_id = :id AND (pub_date, message_id) IN (
        SELECT pub_date, message_id FROM mentions WHERE user_id = :id
        LIMIT :limit
    ) RETURNING message_id
)
SELECT count(*) FROM gone;

-- name: delete_reports
-- functions: register
-- Delete some reports by a user; return how many.
WITH gone AS (
    DELETE FROM reports WHERE id IN (
        SELECT id FROM reports WHERE reporter_id = :id
        LIMIT :limit FOR UPDATE SKIP LOCKED
    ) RETURNING id
)
SELECT count(*) FROM gone;

-- name: delete_messages
-- functions: register
-- Delete a user's newest messages, with their mentions and reports; return how many.
-- Hidden messages come last, in the order of the index.
WITH gone AS (
    DELETE FROM messages WHERE id IN (
        SELECT id FROM messages WHERE author_id = :id
        ORDER BY flagged, pub_date DESC, id DESC
        LIMIT :limit FOR UPDATE SKIP LOCKED
    ) RETURNING id
)
SELECT count(*) FROM gone;

-- name: delete_account
-- functions: register
-- Delete an account of which nothing but sessions and one-time links is left.
WITH ended AS (
    DELETE FROM sessions WHERE user_id = :id
), revoked AS (
    DELETE FROM password_resets WHERE user_id = :id
)
DELETE FROM users WHERE id = :id AND deleted_at IS NOT NULL;
