-- Pages in the other direction: the messages next to a cursor on its newer side, oldest
-- first. They read the same indexes as the pages of older messages, backward.

-- name: public_timeline_after
-- functions: timeline
-- List all users' messages after a cursor, oldest first.
SELECT id, coalesce(author_name, (SELECT username FROM users WHERE users.id = author_id)),
    content, pub_date
FROM messages
WHERE NOT flagged AND (pub_date, id) > (:after_date, :after_id)
ORDER BY pub_date, id
LIMIT :limit;

-- name: user_timeline_after
-- functions: timeline
-- List a user's messages after a cursor, oldest first.
SELECT id, :username::text, content, pub_date FROM messages
WHERE author_id = :author_id AND NOT flagged
    AND (pub_date, id) > (:after_date, :after_id)
ORDER BY pub_date, id
LIMIT :limit;

-- name: own_timeline_after
-- functions: timeline
-- List messages of a user and of the followed users after a cursor, oldest first. One
-- index scan an author; contents are fetched for the page alone, one by one (LIMIT 1
-- rules out any other join).
WITH authors AS (
    SELECT followed_id AS author_id FROM follows
    WHERE follower_id = :user_id AND followed_id <> :user_id
    UNION ALL
    SELECT :user_id
), page AS MATERIALIZED (
    SELECT message.id, authors.author_id, message.pub_date
    FROM authors
    CROSS JOIN LATERAL (
        SELECT id, pub_date FROM messages
        WHERE messages.author_id = authors.author_id AND NOT flagged
            AND pub_date >= :after_date
            AND (pub_date > :after_date OR id > :after_id)
        ORDER BY pub_date, id
        LIMIT :limit
    ) AS message
    ORDER BY pub_date, id
    LIMIT :limit
)
SELECT page.id,
    coalesce(author_name, (SELECT username FROM users WHERE users.id = author_id)),
    content, pub_date
FROM page
CROSS JOIN LATERAL (
    SELECT author_name, content FROM messages WHERE messages.id = page.id LIMIT 1
) AS message
ORDER BY pub_date, page.id;

-- name: busy_timeline_after
-- functions: timeline
-- List those messages of the own timeline that are among the thousand of all users next
-- to a cursor, oldest first: usually a full page for a reader who follows many.
SELECT id, coalesce(author_name, (SELECT username FROM users WHERE users.id = author_id)),
    content, pub_date
FROM (
    SELECT id, author_id, author_name, content, pub_date FROM messages
    WHERE NOT flagged AND (pub_date, id) > (:after_date, :after_id)
    ORDER BY pub_date, id
    LIMIT 1000
) AS next
WHERE author_id = :user_id OR (
    SELECT true FROM follows
    WHERE follower_id = :user_id AND followed_id = next.author_id
)
ORDER BY pub_date, id
LIMIT :limit;

-- name: hidden_public_timeline_after
-- functions: timeline
-- List all users' hidden messages after a cursor, oldest first.
SELECT id, (SELECT username FROM users WHERE users.id = author_id), content, pub_date,
    true
FROM messages
WHERE flagged AND NOT hidden_with_author AND (pub_date, id) > (:after_date, :after_id)
ORDER BY pub_date, id
LIMIT :limit;

-- name: hidden_user_timeline_after
-- functions: timeline
-- List a user's hidden messages after a cursor, oldest first.
SELECT id, :username::text, content, pub_date, true FROM messages
WHERE author_id = :author_id AND flagged
    AND (pub_date, id) > (:after_date, :after_id)
ORDER BY pub_date, id
LIMIT :limit;

-- name: hidden_own_timeline_after
-- functions: timeline
-- List hidden messages of a user and of the followed users after a cursor, oldest first.
SELECT id, (SELECT username FROM users WHERE users.id = author_id), content, pub_date,
    true
FROM messages
WHERE flagged AND NOT hidden_with_author AND (pub_date, id) > (:after_date, :after_id)
    AND (author_id = :user_id OR EXISTS (
        SELECT FROM follows
        WHERE follower_id = :user_id AND followed_id = messages.author_id
    ))
ORDER BY pub_date, id
LIMIT :limit;
