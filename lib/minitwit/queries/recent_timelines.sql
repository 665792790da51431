-- name: recent_timeline
-- functions: timeline
-- List the newest messages of the own timeline that are not older than a date. With a
-- date near the end of the page, each author is read only as far as the page goes.
WITH authors AS (
    SELECT followed_id AS author_id FROM follows
    WHERE follower_id = :user_id AND followed_id <> :user_id
    UNION ALL
    SELECT :user_id
)
SELECT message.id,
    coalesce(author_name, (SELECT username FROM users WHERE users.id = author_id)),
    content, pub_date
FROM authors
CROSS JOIN LATERAL (
    SELECT id, author_name, content, pub_date FROM messages
    WHERE messages.author_id = authors.author_id AND NOT flagged
        AND pub_date >= :since
    ORDER BY pub_date DESC, id DESC
    LIMIT :limit
) AS message
ORDER BY pub_date DESC, id DESC
LIMIT :limit;
