-- name: mentions_before
-- functions: timeline
-- List the messages that mention a user before a cursor, newest first. Contents are
-- fetched for the page alone, one by one (LIMIT 1 rules out any other join).
SELECT page.message_id,
    coalesce(author_name, (SELECT username FROM users WHERE users.id = author_id)),
    content, page.pub_date
FROM (
    SELECT message_id, pub_date FROM mentions
    WHERE user_id = :user_id AND NOT flagged
        AND (pub_date, message_id) < (:pub_date, :id)
    ORDER BY pub_date DESC, message_id DESC
    LIMIT :limit
) AS page
CROSS JOIN LATERAL (
    SELECT author_id, author_name, content FROM messages
    WHERE messages.id = page.message_id LIMIT 1
) AS message
ORDER BY page.pub_date DESC, page.message_id DESC;

-- name: mentions_after
-- functions: timeline
-- List the messages that mention a user after a cursor, oldest first.
SELECT page.message_id,
    coalesce(author_name, (SELECT username FROM users WHERE users.id = author_id)),
    content, page.pub_date
FROM (
    SELECT message_id, pub_date FROM mentions
    WHERE user_id = :user_id AND NOT flagged
        AND (pub_date, message_id) > (:pub_date, :id)
    ORDER BY pub_date, message_id
    LIMIT :limit
) AS page
CROSS JOIN LATERAL (
    SELECT author_id, author_name, content FROM messages
    WHERE messages.id = page.message_id LIMIT 1
) AS message
ORDER BY page.pub_date, page.message_id;

-- name: known_names
-- functions: timeline
-- List those of some names that users have.
-- They come as lines of one text: a driver's arrays would take "null" for no name.
SELECT username FROM users
WHERE username = ANY(string_to_array(:names, E'\n')) AND deleted_at IS NULL;

-- name: see_mentions
-- functions: timeline
-- Note the newest mention that a user has seen. The page does not wait for the commit's
-- flush: a crash may lose the note of the last half second.
UPDATE users SET mentions_seen_date = :pub_date, mentions_seen_id = :id
FROM set_config('synchronous_commit', 'off', true)
WHERE users.id = :user_id AND deleted_at IS NULL
    AND (mentions_seen_date, mentions_seen_id) < (:pub_date, :id);

-- name: messages_to_index
-- List the messages after an id, with the content of those that may mention users.
SELECT id, CASE WHEN strpos(content, '@') > 0 THEN content END FROM messages
WHERE id > :after
ORDER BY id
LIMIT :limit;

-- name: index_mentions
-- Add the mentions of messages, unless they are known. Each candidate has its message,
-- its place in it and a name, at each place longest first. The lock keeps a message
-- from being hidden meanwhile, whose mentions would then stay visible.
WITH candidate AS MATERIALIZED (
    SELECT message_id, place, number, (
        SELECT id FROM users WHERE username = name AND deleted_at IS NULL
    ) AS user_id
    FROM unnest(
        string_to_array(:message_ids, ',')::bigint[],
        string_to_array(:places, ',')::int[],
        string_to_array(:names, E'\n')
    ) WITH ORDINALITY AS candidate (message_id, place, name, number)
), mentioned AS MATERIALIZED (
    SELECT DISTINCT message_id, user_id
    FROM candidate
    WHERE number IN (
        SELECT min(number) FROM candidate WHERE user_id IS NOT NULL
        GROUP BY message_id, place
    )
)
INSERT INTO mentions (message_id, user_id, pub_date, flagged)
SELECT message.id, user_id, pub_date, flagged
FROM mentioned
CROSS JOIN LATERAL (
    SELECT id, author_id, pub_date, flagged FROM messages
    WHERE messages.id = mentioned.message_id
    LIMIT 1 FOR SHARE
) AS message
WHERE user_id <> author_id
ON CONFLICT DO NOTHING
RETURNING message_id;
