-- name: people_by_prefix
-- functions: timeline
-- List the users whose names begin with a text, whatever its case. No character comes
-- after the one that ends the range.
SELECT username FROM users
WHERE lower(username) COLLATE "C" >= lower(:prefix)
    AND lower(username) COLLATE "C" < lower(:prefix) || chr(1114111)
    AND suspended_at IS NULL AND deleted_at IS NULL
ORDER BY lower(username) COLLATE "C"
LIMIT :limit;

-- name: active_people
-- functions: timeline
-- List the authors of all users' newest thousand messages whom a reader does not follow,
-- the last to post first. They are in this order before they are looked at, so that the
-- first page of them ends the search.
WITH newest AS MATERIALIZED (
    SELECT author_id, row_number() OVER (ORDER BY pub_date DESC, id DESC) AS place
    FROM (
        SELECT author_id, pub_date, id FROM messages
        WHERE NOT flagged
        ORDER BY pub_date DESC, id DESC
        LIMIT 1000
    ) AS newest
), authors AS MATERIALIZED (
    SELECT author_id, min(place) AS place FROM newest GROUP BY author_id
    ORDER BY place
)
SELECT username
FROM authors
CROSS JOIN LATERAL (
    SELECT username FROM users
    WHERE users.id = author_id AND suspended_at IS NULL AND deleted_at IS NULL
    LIMIT 1
) AS author
WHERE author_id IS DISTINCT FROM :reader_id AND NOT coalesce((
    SELECT true FROM follows
    WHERE follower_id = :reader_id AND followed_id = author_id
), false)
ORDER BY place
LIMIT :limit;

-- name: followed_among
-- functions: timeline
-- List those of some names that a user follows.
SELECT name FROM string_to_table(:names, E'\n') AS name
WHERE coalesce((
    SELECT true FROM follows
    WHERE follower_id = :follower_id
        AND followed_id = (SELECT id FROM users WHERE username = name)
), false);
