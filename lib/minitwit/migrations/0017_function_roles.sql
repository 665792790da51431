-- What each function may do: exactly what its statements need (a test compares). Before,
-- all functions had one role, minitwit_app, which keeps its grants while they are replaced.

GRANT SELECT (version) ON schema_migrations TO minitwit_function;
GRANT SELECT (id) ON installation TO minitwit_function;
GRANT SELECT (id, user_id) ON sessions TO minitwit_function;
GRANT SELECT (id, username, signed_out_at, suspended_at, deleted_at)
    ON users TO minitwit_function;

-- register: accounts, their export and their deletion.
GRANT SELECT (email, password_hash, created_at, is_moderator),
    INSERT (username, email, password_hash),
    UPDATE (username, password_hash, signed_out_at, deleted_at), DELETE
    ON users TO minitwit_register;
GRANT SELECT (user_agent, created_at, last_used_at), INSERT (user_id, user_agent), DELETE
    ON sessions TO minitwit_register;
GRANT SELECT (bucket, full_at), INSERT (bucket, full_at), UPDATE (full_at)
    ON sign_in_attempts TO minitwit_register;
GRANT SELECT (username, freed_at), INSERT (username), UPDATE (freed_at), DELETE
    ON former_usernames TO minitwit_register;
GRANT SELECT (token_digest, user_id, expires_at), DELETE
    ON password_resets TO minitwit_register;
GRANT SELECT (id, follower_id, followed_id), DELETE ON follows TO minitwit_register;
GRANT SELECT (message_id, user_id, pub_date), DELETE ON mentions TO minitwit_register;
-- To lock a row takes the right to update some column: these two decide nothing.
GRANT SELECT (id, message_id, reporter_id, reported_at), UPDATE (reported_at), DELETE
    ON reports TO minitwit_register;
GRANT SELECT (id, author_id, pub_date, flagged, content), UPDATE (form_key), DELETE
    ON messages TO minitwit_register;
GRANT UPDATE ON SEQUENCE latest TO minitwit_register;

-- follow.
GRANT SELECT (id, follower_id, followed_id), INSERT (follower_id, followed_id), DELETE
    ON follows TO minitwit_follow;
GRANT UPDATE ON SEQUENCE latest TO minitwit_follow;

-- messages: also their moderation. The trigger of mentions runs as who hides a message.
GRANT SELECT (
        id, author_id, author_name, pub_date, flagged, hidden_with_author, content, form_key
    ),
    INSERT (author_id, author_name, content, form_key),
    UPDATE (flagged, hidden_with_author), DELETE
    ON messages TO minitwit_messages;
GRANT SELECT (message_id), INSERT (message_id, user_id, pub_date), UPDATE (flagged)
    ON mentions TO minitwit_messages;
GRANT SELECT (message_id, is_open), INSERT (message_id, reporter_id), UPDATE (is_open)
    ON reports TO minitwit_messages;
GRANT SELECT (user_id, hides), INSERT (user_id, hides), UPDATE (hides), DELETE
    ON suspension_jobs TO minitwit_messages;
GRANT SELECT (is_moderator), UPDATE (signed_out_at, suspended_at)
    ON users TO minitwit_messages;
GRANT DELETE ON sessions TO minitwit_messages;
GRANT SELECT, UPDATE ON SEQUENCE latest TO minitwit_messages;

-- timeline: reads, the sessions of its readers, and the jobs of suspended accounts.
GRANT SELECT (
        id, author_id, author_name, pub_date, flagged, hidden_with_author, content
    ),
    UPDATE (flagged, hidden_with_author)
    ON messages TO minitwit_timeline;
GRANT SELECT (message_id, user_id, pub_date, flagged), UPDATE (flagged)
    ON mentions TO minitwit_timeline;
GRANT SELECT (id, follower_id, followed_id) ON follows TO minitwit_timeline;
GRANT SELECT (message_id, reported_at, is_open) ON reports TO minitwit_timeline;
GRANT SELECT (user_id, hides), UPDATE (user_id), DELETE
    ON suspension_jobs TO minitwit_timeline;
GRANT SELECT (token_digest, user_id, expires_at) ON password_resets TO minitwit_timeline;
GRANT SELECT (is_moderator, mentions_seen_date, mentions_seen_id),
    UPDATE (mentions_seen_date, mentions_seen_id)
    ON users TO minitwit_timeline;
GRANT SELECT (user_agent, created_at, last_used_at), INSERT (user_id, user_agent),
    UPDATE (last_used_at), DELETE
    ON sessions TO minitwit_timeline;
