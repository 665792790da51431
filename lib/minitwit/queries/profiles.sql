-- name: profile
-- functions: timeline
-- Find an account by its username, as its page shows it: its messages, followed users
-- and followers, each counted only up to a limit, whether a reader follows it, and its
-- messages before a cursor, newest first, since a statement of their own would cost more
-- than they do. Not all messages of a suspended account may be hidden yet.
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
), false), coalesce((
    SELECT json_agg(json_build_array(newest.id, content, pub_date))
    FROM (
        SELECT id, content, pub_date FROM messages
        WHERE author_id = users.id AND suspended_at IS NULL AND NOT flagged
            AND (pub_date, id) < (:before_date, :before_id)
        ORDER BY pub_date DESC, id DESC
        LIMIT :posts
    ) AS newest
), '[]')
FROM users WHERE username = :username AND deleted_at IS NULL;
