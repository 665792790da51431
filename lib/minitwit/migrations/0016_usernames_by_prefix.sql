-- Finds users by the first letters of their names, whatever their case. The collation
-- "C" orders by code point, so that the names with a prefix are one range.

CREATE INDEX CONCURRENTLY IF NOT EXISTS users_lower_username_idx
    ON users (lower(username) COLLATE "C")
    WHERE suspended_at IS NULL AND deleted_at IS NULL;
