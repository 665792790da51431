-- name: add_message
-- functions: messages
-- Add a message of a user and set the progress mark, if one is given (setval ignores
-- NULL). The id is NULL when the user is unknown or suspended. The lock is the one that
-- the foreign key takes as well; taken here, it makes a suspension wait for this
-- message, or this statement see the suspension.
WITH added AS (
    INSERT INTO messages (author_id, author_name, content)
    SELECT id, username, :content FROM users
    WHERE username = :username AND suspended_at IS NULL
    FOR KEY SHARE
    RETURNING id
)
SELECT (SELECT id FROM added), setval('latest', :latest);

-- name: add_message_once
-- functions: messages
-- Add a message of a form, unless the same form was sent before; returns no row for an
-- unknown or suspended user. The lock is explained at add_message.
WITH author AS (
    SELECT id, username FROM users
    WHERE username = :username AND suspended_at IS NULL
    FOR KEY SHARE
), added AS (
    INSERT INTO messages (author_id, author_name, content, form_key)
    SELECT id, username, :content, :form_key FROM author
    ON CONFLICT (form_key) WHERE form_key IS NOT NULL DO NOTHING
)
SELECT id FROM author;

-- name: add_message_with_mentions
-- functions: messages
-- Add a message that may mention users, once for each form; set the progress mark, if
-- one is given. Each candidate has its place in the message and a name, at each place
-- longest first; who has the longest is mentioned. The id is NULL when the author is
-- unknown or suspended. The lock is explained at add_message.
WITH author AS (
    SELECT id, username FROM users
    WHERE username = :username AND suspended_at IS NULL
    FOR KEY SHARE
), added AS (
    INSERT INTO messages (author_id, author_name, content, form_key)
    SELECT id, username, :content, :form_key FROM author
    ON CONFLICT (form_key) WHERE form_key IS NOT NULL DO NOTHING
    RETURNING id, author_id, pub_date
), candidate AS MATERIALIZED (
    SELECT place, number, (
        SELECT id FROM users WHERE username = name AND deleted_at IS NULL
    ) AS user_id
    FROM unnest(
        string_to_array(:places, ',')::int[], string_to_array(:names, E'\n')
    ) WITH ORDINALITY AS candidate (place, name, number)
), mentions AS (
    INSERT INTO mentions (message_id, user_id, pub_date)
    SELECT DISTINCT added.id, user_id, pub_date
    FROM added, candidate
    WHERE user_id <> author_id AND number IN (
        SELECT min(number) FROM candidate WHERE user_id IS NOT NULL GROUP BY place
    )
)
SELECT (SELECT id FROM author), setval('latest', :latest);

-- name: is_suspended
-- functions: messages
-- Read whether a user is suspended; no row for an unknown user.
SELECT suspended_at IS NOT NULL FROM users WHERE username = :username;

-- name: recent_messages
-- functions: messages
-- List all users' newest messages as JSON.
SELECT coalesce(json_agg(newest), '[]')::text
FROM (
    SELECT content, pub_date,
        coalesce(author_name, (SELECT username FROM users WHERE id = author_id)) AS user
    FROM messages
    WHERE NOT flagged
    ORDER BY pub_date DESC, id DESC
    LIMIT :limit
) AS newest;

-- name: recent_messages_of
-- functions: messages
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
-- functions: timeline
-- List all users' messages before a cursor, newest first.
SELECT id, coalesce(author_name, (SELECT username FROM users WHERE users.id = author_id)),
    content, pub_date
FROM messages
WHERE NOT flagged AND (pub_date, id) < (:before_date, :before_id)
ORDER BY pub_date DESC, id DESC
LIMIT :limit;

-- name: user_timeline
-- functions: timeline
-- List a user's messages before a cursor, newest first.
SELECT id, :username::text, content, pub_date FROM messages
WHERE author_id = :author_id AND NOT flagged
    AND (pub_date, id) < (:before_date, :before_id)
ORDER BY pub_date DESC, id DESC
LIMIT :limit;

-- name: own_timeline
-- functions: timeline
-- List messages of a user and of the followed users before a cursor, newest first.
-- One index probe an author finds its three newest messages. No message of the page is
-- older than the :limit newest of these (`newest`), so only authors whose three are all
-- among them are read further, and only down to the oldest. Contents are fetched for
-- the page alone, one by one (LIMIT 1 rules out any other join). A probe compares every
-- entry of an index page, and comparing dates is cheaper than comparing rows, as in
-- (pub_date, id) < (…).
WITH authors AS (
    SELECT followed_id AS author_id FROM follows
    WHERE follower_id = :user_id AND followed_id <> :user_id
    UNION ALL
    SELECT :user_id
), newest AS MATERIALIZED (
    SELECT message.id, authors.author_id, message.pub_date
    FROM authors
    CROSS JOIN LATERAL (
        SELECT id, pub_date FROM messages
        WHERE messages.author_id = authors.author_id AND NOT flagged
            AND pub_date <= :before_date
            AND (pub_date < :before_date OR id < :before_id)
        ORDER BY pub_date DESC, id DESC
        LIMIT 3
    ) AS message
    ORDER BY pub_date DESC, id DESC
    LIMIT :limit
), oldest AS MATERIALIZED (
    SELECT CASE count(*) WHEN :limit THEN min(pub_date)
        ELSE '-9223372036854775808'::bigint END
        AS pub_date
    FROM newest
), further AS (
    SELECT message.id, last.author_id, message.pub_date
    FROM (
        SELECT id, author_id, pub_date, row_number() OVER (
            PARTITION BY author_id ORDER BY pub_date DESC, id DESC
        ) AS place
        FROM newest
    ) AS last
    CROSS JOIN LATERAL (
        SELECT id, pub_date FROM messages
        WHERE messages.author_id = last.author_id AND NOT flagged
            AND pub_date <= last.pub_date
            AND (pub_date < last.pub_date OR id < last.id)
            AND pub_date >= (SELECT pub_date FROM oldest)
        ORDER BY pub_date DESC, id DESC
        LIMIT :limit
    ) AS message
    WHERE last.place = 3
), page AS MATERIALIZED (
    SELECT id, author_id, pub_date FROM newest
    UNION ALL
    SELECT id, author_id, pub_date FROM further
    ORDER BY pub_date DESC, id DESC
    LIMIT :limit
)
SELECT page.id,
    coalesce(author_name, (SELECT username FROM users WHERE users.id = author_id)),
    content, pub_date
FROM page
CROSS JOIN LATERAL (
    SELECT author_name, content FROM messages WHERE messages.id = page.id LIMIT 1
) AS message
ORDER BY pub_date DESC, page.id DESC;

-- name: busy_timeline
-- functions: timeline
-- List those messages of the own timeline that are among all users' newest thousand:
-- usually a full page for a reader who follows many. The subquery probes the follows
-- message by message until the page is full; the planner would turn EXISTS into a join
-- that first reads them all.
SELECT id, coalesce(author_name, (SELECT username FROM users WHERE users.id = author_id)),
    content, pub_date
FROM (
    SELECT id, author_id, author_name, content, pub_date FROM messages
    WHERE NOT flagged AND (pub_date, id) < (:before_date, :before_id)
    ORDER BY pub_date DESC, id DESC
    LIMIT 1000
) AS newest
WHERE author_id = :user_id OR (
    SELECT true FROM follows
    WHERE follower_id = :user_id AND followed_id = newest.author_id
)
ORDER BY pub_date DESC, id DESC
LIMIT :limit;

-- name: message
-- functions: timeline
-- Find a message by its id and the name of its author, hidden or not.
SELECT messages.id, username, content, pub_date, flagged
FROM messages JOIN users ON users.id = author_id
WHERE messages.id = :id AND username = :username;

-- name: delete_message
-- functions: messages
-- Delete a message of an author; return whether it is another's and therefore stays.
WITH deleted AS (
    DELETE FROM messages WHERE id = :id AND author_id = :author_id
)
SELECT EXISTS (SELECT FROM messages WHERE id = :id AND author_id <> :author_id);

-- name: newer_public_messages
-- functions: timeline
-- Count all users' messages after a cursor, up to a limit. Without ORDER BY, a generic
-- plan might read the whole table from its oldest end.
SELECT count(*) FROM (
    SELECT FROM messages
    WHERE NOT flagged AND (pub_date, id) > (:after_date, :after_id)
    ORDER BY pub_date DESC, id DESC
    LIMIT :limit
) AS newer;

-- name: newer_own_messages
-- functions: timeline
-- Count the messages of a user's own timeline among the newest after a cursor.
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
