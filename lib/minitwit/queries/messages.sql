-- name: add_message
-- Add a message of a user and set the progress mark, if one comes with it (setval
-- leaves it for NULL). The id is NULL when the user is unknown.
WITH added AS (
    INSERT INTO messages (author_id, content)
    SELECT id, :content FROM users WHERE username = :username
    RETURNING id
)
SELECT (SELECT id FROM added), setval('latest', :latest);

-- name: recent_messages
-- List everybody's newest messages as JSON.
SELECT coalesce(json_agg(newest), '[]')::text
FROM (
    SELECT content, pub_date,
        (SELECT username FROM users WHERE id = author_id) AS user
    FROM messages
    WHERE NOT flagged
    ORDER BY pub_date DESC, id DESC
    LIMIT :limit
) AS newest;

-- name: recent_messages_of
-- List a user's newest messages as JSON; no row for an unknown user.
SELECT coalesce((
    SELECT json_agg(newest)
    FROM (
        SELECT content, pub_date, username AS user FROM messages
        WHERE author_id = users.id AND NOT flagged
        ORDER BY pub_date DESC, id DESC
        LIMIT :limit
    ) AS newest
), '[]')::text
FROM users WHERE username = :username;

-- name: public_timeline
-- List everybody's messages before a message (or the newest), newest first.
SELECT id, (SELECT username FROM users WHERE users.id = author_id), content, pub_date
FROM messages
WHERE NOT flagged AND (pub_date, id) < (:before_date, :before_id)
ORDER BY pub_date DESC, id DESC
LIMIT :limit;

-- name: user_timeline
-- List a user's messages before a message (or the newest), newest first.
SELECT id, :username::text, content, pub_date FROM messages
WHERE author_id = :author_id AND NOT flagged
    AND (pub_date, id) < (:before_date, :before_id)
ORDER BY pub_date DESC, id DESC
LIMIT :limit;

-- name: own_timeline
-- List messages of a user and of whom the user follows, newest first.
-- Who follows many finds a page among the newest messages of all. Otherwise the newest
-- messages can only come from the authors whose own newest message is newest: one index
-- probe an author finds these, and no more than :limit authors are read further. The
-- n-th of them has at most :limit + 1 - n messages on the page, since each one before has
-- a newer message. Contents are fetched for the page alone.
WITH reader AS MATERIALIZED (
    SELECT count(*) > 300 AS follows_many FROM (
        SELECT FROM follows WHERE follower_id = :user_id LIMIT 301
    ) AS counted
), recent AS MATERIALIZED (
    SELECT id, author_id, content, pub_date FROM messages
    WHERE (SELECT follows_many FROM reader) AND NOT flagged
        AND (pub_date, id) < (:before_date, :before_id)
    ORDER BY pub_date DESC, id DESC
    LIMIT 1000
), found AS MATERIALIZED (
    SELECT id, author_id, content, pub_date FROM recent
    WHERE author_id = :user_id OR EXISTS (
        SELECT FROM follows
        WHERE follower_id = :user_id AND followed_id = recent.author_id
    )
    ORDER BY pub_date DESC, id DESC
    LIMIT :limit
), authors AS (
    SELECT followed_id AS author_id FROM follows
    WHERE follower_id = :user_id AND (SELECT count(*) FROM found) < :limit
    UNION
    SELECT :user_id WHERE (SELECT count(*) FROM found) < :limit
), candidates AS (
    SELECT authors.author_id,
        row_number() OVER (ORDER BY newest.pub_date DESC, newest.id DESC) AS place
    FROM authors
    CROSS JOIN LATERAL (
        SELECT pub_date, id FROM messages
        WHERE messages.author_id = authors.author_id AND NOT flagged
            AND (pub_date, id) < (:before_date, :before_id)
        ORDER BY pub_date DESC, id DESC
        LIMIT 1
    ) AS newest
    ORDER BY place
    LIMIT :limit
), probed AS (
    SELECT message.id, candidates.author_id, message.pub_date
    FROM candidates
    CROSS JOIN LATERAL (
        SELECT id, pub_date FROM messages
        WHERE messages.author_id = candidates.author_id AND NOT flagged
            AND (pub_date, id) < (:before_date, :before_id)
        ORDER BY pub_date DESC, id DESC
        LIMIT :limit + 1 - place
    ) AS message
    ORDER BY message.pub_date DESC, message.id DESC
    LIMIT :limit
), page AS (
    SELECT probed.id, probed.author_id, messages.content, probed.pub_date
    FROM probed JOIN messages ON messages.id = probed.id
    UNION ALL
    SELECT id, author_id, content, pub_date FROM found
    WHERE (SELECT count(*) FROM found) = :limit
)
SELECT id, (SELECT username FROM users WHERE users.id = author_id), content, pub_date
FROM page
ORDER BY pub_date DESC, id DESC;

-- name: newer_public_messages
-- Count everybody's messages after a message, up to a limit. Without the order,
-- a plan for any parameters might read the whole table from its old end.
SELECT count(*) FROM (
    SELECT FROM messages
    WHERE NOT flagged AND (pub_date, id) > (:after_date, :after_id)
    ORDER BY pub_date DESC, id DESC
    LIMIT :limit
) AS newer;

-- name: newer_own_messages
-- Count a user's own and followed messages among the newest after a message.
SELECT count(*) FROM (
    SELECT author_id FROM messages
    WHERE NOT flagged AND (pub_date, id) > (:after_date, :after_id)
    ORDER BY pub_date DESC, id DESC
    LIMIT :limit
) AS newer
WHERE author_id = :user_id OR EXISTS (
    SELECT FROM follows
    WHERE follower_id = :user_id AND followed_id = newer.author_id
);
