-- name: profile
-- functions: timeline
-- Find an account by its username, as its page shows it: its messages, followed users
-- and followers, each counted only up to a limit, and whether a reader follows it.
SELECT id, username, suspended_at IS NOT NULL, (
    SELECT count(*) FROM (
        SELECT FROM messages WHERE author_id = users.id AND NOT flagged LIMIT :limit
    ) AS messages
), (
    SELECT count(*) FROM (
        SELECT FROM follows WHERE follower_id = users.id LIMIT :limit
    ) AS followed
), (
    SELECT count(*) FROM (
        SELECT FROM follows WHERE followed_id = users.id LIMIT :limit
    ) AS followers
), coalesce((
    SELECT true FROM follows
    WHERE follower_id = :reader_id AND followed_id = users.id
), false)
FROM users WHERE username = :username AND deleted_at IS NULL;
