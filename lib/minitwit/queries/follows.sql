-- name: follow
-- functions: follow
-- Make one user follow another and set the progress mark, if one is given. The id is
-- NULL when either user is unknown.
WITH pair AS (
    SELECT follower.id AS follower_id, followed.id AS followed_id
    FROM users AS follower, users AS followed
    WHERE follower.username = :follower AND followed.username = :followed
        AND follower.deleted_at IS NULL AND followed.deleted_at IS NULL
), added AS (
    INSERT INTO follows (follower_id, followed_id)
    SELECT follower_id, followed_id FROM pair
    ON CONFLICT DO NOTHING
)
SELECT (SELECT follower_id FROM pair), setval('latest', :latest);

-- name: unfollow
-- functions: follow
-- Make one user stop following another and set the progress mark, if one is given. The
-- id is NULL when either user is unknown.
WITH pair AS (
    SELECT follower.id AS follower_id, followed.id AS followed_id
    FROM users AS follower, users AS followed
    WHERE follower.username = :follower AND followed.username = :followed
        AND follower.deleted_at IS NULL AND followed.deleted_at IS NULL
), removed AS (
    DELETE FROM follows USING pair
    WHERE follows.follower_id = pair.follower_id
        AND follows.followed_id = pair.followed_id
)
SELECT (SELECT follower_id FROM pair), setval('latest', :latest);

-- name: followed_names
-- functions: follow
-- List the names that a user follows as JSON, oldest follow first; returns no row for
-- an unknown user.
SELECT coalesce((
    SELECT json_agg(oldest.username)
    FROM (
        SELECT (
            SELECT username FROM users WHERE id = followed_id
        ) FROM follows
        WHERE follower_id = users.id
        ORDER BY id
        LIMIT :limit
    ) AS oldest
), '[]')::text
FROM users WHERE username = :follower;

-- name: followed_page
-- functions: timeline
-- List the users that a user follows before a follow, newest follow first; none that is
-- suspended or being deleted (LIMIT 1 rules out any other join).
SELECT follows.id, username
FROM follows
CROSS JOIN LATERAL (
    SELECT username FROM users
    WHERE users.id = followed_id AND suspended_at IS NULL AND deleted_at IS NULL LIMIT 1
) AS followed
WHERE follower_id = :user_id AND follows.id < :before
ORDER BY follows.id DESC
LIMIT :limit;

-- name: followers_page
-- functions: timeline
-- List a user's followers before a follow, newest follow first, likewise.
SELECT follows.id, username
FROM follows
CROSS JOIN LATERAL (
    SELECT username FROM users
    WHERE users.id = follower_id AND suspended_at IS NULL AND deleted_at IS NULL LIMIT 1
) AS follower
WHERE followed_id = :user_id AND follows.id < :before
ORDER BY follows.id DESC
LIMIT :limit;
