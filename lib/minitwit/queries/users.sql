-- name: add_user
-- Add an account; violates users_username_key when the name is taken.
INSERT INTO users (username, email, password_hash)
VALUES (:username, :email, :password_hash);

-- name: find_user
-- Find an account by its name.
SELECT id, username, password_hash FROM users WHERE username = :username;

-- name: set_password_hash
-- Replace the hash of an account's password.
UPDATE users SET password_hash = :password_hash WHERE id = :id;
