-- name: add_user
-- functions: register
-- Add an account and set the progress mark, if one is given (setval ignores NULL).
-- Violates users_username_key when the name is taken; returns no row when an account
-- had it that was deleted in the last days.
INSERT INTO users (username, email, password_hash)
SELECT :username, :email, :password_hash
WHERE NOT EXISTS (
    SELECT FROM former_usernames
    WHERE username = :username AND freed_at > now() - make_interval(days => :days)
)
RETURNING setval('latest', :latest);

-- name: recent_registration
-- functions: register
-- Find an account by the data of its form, if it is new.
SELECT id FROM users
WHERE username = :username AND email = :email
    AND created_at > now() - make_interval(secs => :seconds);

-- name: find_user
-- functions: follow, messages, timeline
-- Find an account by its username.
SELECT id, username, suspended_at IS NOT NULL FROM users
WHERE username = :username AND deleted_at IS NULL;

-- name: change_password
-- functions: register
-- Replace an account's password that was verified; end its sessions, cookies that name
-- no session, and links to reset the password. No row, and nothing ends, when another
-- password replaced it meanwhile.
WITH changed AS (
    UPDATE users SET password_hash = :password_hash, signed_out_at = now()
    WHERE id = :id AND password_hash = :verified
    RETURNING id
), ended AS (
    DELETE FROM sessions WHERE user_id IN (SELECT id FROM changed)
), revoked AS (
    DELETE FROM password_resets WHERE user_id IN (SELECT id FROM changed)
)
SELECT id FROM changed;

-- name: end_sessions_of_old_password
-- functions: register
-- End the sessions that started while a password was being replaced.
DELETE FROM sessions WHERE user_id = :user_id;

-- name: replace_password_hash
-- functions: register
-- Replace the hash of a password that was verified, unless another password replaced it
-- meanwhile.
UPDATE users SET password_hash = :password_hash
WHERE id = :id AND password_hash = :verified;
