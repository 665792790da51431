"""Messages partitioned by time, as docs/scaling.md proposes; production has one table.

A unique index of a partitioned table contains the key of the partitions. So the primary
key and the foreign keys to it get the date, and the keys of forms move to a table.
"""

from collections.abc import Iterator, Mapping

_ADDED = """added AS (
    INSERT INTO messages (author_id, author_name, content, form_key)
    SELECT id, username, :content, :form_key FROM author
    ON CONFLICT (form_key) WHERE form_key IS NOT NULL DO NOTHING"""

_ADDED_ONCE = """form AS (
    INSERT INTO message_forms (form_key)
    SELECT :form_key::uuid FROM author WHERE :form_key::uuid IS NOT NULL
    ON CONFLICT DO NOTHING
    RETURNING form_key
), added AS (
    INSERT INTO messages (author_id, author_name, content)
    SELECT id, username, :content FROM author
    WHERE :form_key::uuid IS NULL OR EXISTS (SELECT FROM form)"""

# What has to change, by the name of the statement; the others stay as they are.
_CHANGES = {
    "add_message_once": {_ADDED: _ADDED_ONCE},
    "add_message_with_mentions": {_ADDED: _ADDED_ONCE},
    "report_message": {
        "SELECT id, author_id =": "SELECT id, pub_date, author_id =",
        "(message_id, reporter_id)": "(message_id, pub_date, reporter_id)",
        "SELECT id, :reporter_id": "SELECT id, pub_date, :reporter_id",
    },
}


def changed(statements: Mapping[str, str]) -> dict[str, str]:
    """Return the statements that change, as they have to be.

    Raises:
        LookupError: a statement is no longer the one that was changed.

    """
    found = {}
    for name, changes in _CHANGES.items():
        text = statements[name]
        for old, new in changes.items():
            if old not in text:
                raise LookupError(f"{name} has no {old!r}")
            text = text.replace(old, new)
        found[name] = text
    return found


def migration(first: int, width: int, number: int) -> Iterator[str]:
    """Yield the statements that partition the table `messages`.

    Args:
        first: date of the oldest partition's beginning, in Unix seconds.
        width: seconds of a partition.
        number: of partitions. None is for other dates: beside such a one, PostgreSQL
            would no longer read partitions in their order.

    """
    yield "ALTER TABLE mentions DROP CONSTRAINT mentions_message_id_fkey"
    yield "ALTER TABLE reports DROP CONSTRAINT reports_message_id_fkey"
    yield "ALTER TABLE messages RENAME TO messages_before"
    yield (
        "CREATE TABLE messages (LIKE messages_before INCLUDING DEFAULTS INCLUDING "
        "IDENTITY) PARTITION BY RANGE (pub_date)"
    )
    yield "ALTER TABLE messages DROP COLUMN form_key"
    yield (
        "CREATE TABLE message_forms (form_key uuid PRIMARY KEY, "
        "used_at timestamptz NOT NULL DEFAULT now())"
    )
    for start in range(first, first + width * number, width):
        yield (
            f"CREATE TABLE messages_{start} PARTITION OF messages "
            f"FOR VALUES FROM ({start}) TO ({start + width})"
        )
    yield (
        "INSERT INTO messages (id, author_id, pub_date, flagged, content, author_name, "
        "hidden_with_author) SELECT id, author_id, pub_date, flagged, content, "
        "author_name, hidden_with_author FROM messages_before"
    )
    yield (
        "SELECT setval(pg_get_serial_sequence('messages', 'id'), max(id)) "
        "FROM messages_before HAVING max(id) > 0"
    )
    yield "DROP TABLE messages_before"


def indexes() -> Iterator[str]:
    """Yield the statements that add the table's indexes and constraints."""
    yield "ALTER TABLE messages ADD PRIMARY KEY (id, pub_date)"
    yield (
        "CREATE INDEX messages_pub_date_idx ON messages (pub_date DESC, id DESC) "
        "WHERE NOT flagged"
    )
    yield (
        "CREATE INDEX messages_author_idx ON messages "
        "(author_id, flagged, pub_date DESC, id DESC)"
    )
    yield (
        "CREATE INDEX messages_hidden_idx ON messages (pub_date DESC, id DESC) "
        "WHERE flagged AND NOT hidden_with_author"
    )
    yield (
        "ALTER TABLE messages ADD CONSTRAINT messages_author_id_fkey "
        "FOREIGN KEY (author_id) REFERENCES users (id)"
    )
    yield "ALTER TABLE reports ADD COLUMN pub_date bigint"
    yield (
        "UPDATE reports SET pub_date = messages.pub_date FROM messages "
        "WHERE messages.id = message_id"
    )
    for table in ("mentions", "reports"):
        yield (
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_message_id_fkey "
            "FOREIGN KEY (message_id, pub_date) REFERENCES messages (id, pub_date) "
            "ON DELETE CASCADE"
        )
    yield (
        "CREATE TRIGGER messages_flag_mentions AFTER UPDATE OF flagged ON messages "
        "FOR EACH ROW WHEN (OLD.flagged <> NEW.flagged) "
        "EXECUTE FUNCTION flag_mentions()"
    )
