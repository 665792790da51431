-- name: add_password_reset
-- Add a link for a user that replaces earlier ones; remove all that have expired. No
-- row when there is no such user.
WITH named AS (
    SELECT id FROM users WHERE username = :username
), replaced AS (
    DELETE FROM password_resets
    WHERE user_id IN (SELECT id FROM named) OR expires_at < now()
)
INSERT INTO password_resets (token_digest, user_id, expires_at)
SELECT :token_digest, id, now() + make_interval(secs => :seconds) FROM named
RETURNING user_id;

-- name: password_reset
-- functions: register, timeline
-- Find the account of a link that was not used and has not expired.
SELECT users.id, username FROM password_resets JOIN users ON users.id = user_id
WHERE token_digest = :token_digest AND expires_at > now();

-- name: use_password_reset
-- functions: register
-- Use a link: set the account's password and end its sessions, and cookies that name no
-- session. No row when the link is used or expired: of two who use it at once, one waits
-- for the other's lock on the row and then finds none.
WITH used AS (
    DELETE FROM password_resets
    WHERE token_digest = :token_digest AND expires_at > now()
    RETURNING user_id
), ended AS (
    DELETE FROM sessions WHERE user_id IN (SELECT user_id FROM used)
)
UPDATE users SET password_hash = :password_hash, signed_out_at = now()
FROM used WHERE users.id = used.user_id
RETURNING users.id, username;

-- name: end_sessions_before_reset
-- functions: register
-- End the sessions that started while a link was being used.
DELETE FROM sessions WHERE user_id = :user_id;
