"""`minitwit import-sqlite` on a real PostgreSQL: what is kept, refused and reported."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy.local.postgres import Cluster, running_cluster
from minitwit.errors import InvalidPassword
from minitwit.postgres.database import Database
from minitwit.postgres.roles import function_role
from minitwit.users import Users
from minitwit_cli.commands import main
from minitwit_cli.importer.legacy_file import LegacyFile
from minitwit_cli.importer.report_file import open_report
from minitwit_cli.maintenance.admin_connection import open_admin_connection
from tests.clusters import migrate, rows, settings
from tests.legacy_file import HASH, SCHEMA, Import

# Columns without a type keep numbers in the type that they are inserted with.
WITHOUT_TYPES = """
DROP TABLE user; CREATE TABLE user (user_id, username, email, pw_hash);
DROP TABLE follower; CREATE TABLE follower (who_id, whom_id);
DROP TABLE message;
CREATE TABLE message (message_id, author_id, text, pub_date, flagged);
"""

MINITWIT = Path(sys.executable).with_name("minitwit")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("import")) as running:
        migrate(running)
        yield running


@pytest.fixture(autouse=True)
def emptied(cluster: Cluster) -> None:
    with open_admin_connection(settings(cluster)) as script:
        script.run("TRUNCATE users, follows, messages RESTART IDENTITY CASCADE")


@pytest.fixture
def old(cluster: Cluster, tmp_path: Path) -> Import:
    return Import(cluster, tmp_path)


def test_ids_times_flags_and_the_order_of_follows_are_kept(old: Import) -> None:
    old.insert("user", (7, "Ann", "a@x", HASH), (3, "Bo", "b@x", HASH))
    old.insert("follower", (7, 3), (3, 7), (3, 3))
    old.insert("message", (9, 7, "hi", 100, 0), (4, 3, "bad", 200, 1))
    result = old.run()
    assert result.exit_code == 0, result.output
    assert rows(
        old.cluster, "SELECT id, username, email, password_hash FROM users ORDER BY id"
    ) == [(3, "Bo", "b@x", HASH), (7, "Ann", "a@x", HASH)]
    assert rows(
        old.cluster, "SELECT follower_id, followed_id FROM follows ORDER BY id"
    ) == [(7, 3), (3, 7), (3, 3)]
    assert rows(
        old.cluster,
        "SELECT id, author_id, content, pub_date, flagged FROM messages ORDER BY id",
    ) == [(4, 3, "bad", 200, True), (9, 7, "hi", 100, False)]
    assert old.reported() == []


def test_new_rows_come_after_the_imported_ones(old: Import) -> None:
    old.insert("user", (41, "Ann", "a@x", HASH))
    old.insert("follower", (41, 41))
    old.insert("message", (99, 41, "hi", 100, 0))
    assert old.run().exit_code == 0
    migrate(old.cluster)  # It checks the sequences.
    assert rows(
        old.cluster,
        "INSERT INTO users (username, email, password_hash) VALUES ('n', '', '!') "
        "RETURNING id",
    ) == [(42,)]
    assert rows(
        old.cluster,
        "INSERT INTO follows (follower_id, followed_id) VALUES (42, 41) RETURNING id",
    ) == [(2,)]
    assert rows(
        old.cluster,
        "INSERT INTO messages (author_id, content) VALUES (41, 'x') RETURNING id",
    ) == [(100,)]


@pytest.mark.parametrize(
    "content",
    [
        "a\tb\nc\rd",
        r"\N",
        r"\.",
        "back\\slash",
        "\\",
        "æøå 🐦\u2028",
        "",
        " ",
        "x" * 5000,
    ],
)
def test_text_is_kept_verbatim(old: Import, content: str) -> None:
    old.insert("user", (1, "Ann", "a@x", HASH))
    old.insert("message", (1, 1, content, 100, 0))
    assert old.run().exit_code == 0
    assert rows(old.cluster, "SELECT content FROM messages") == [(content,)]


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        ((2, None, "b@x", HASH), "username is NULL"),
        ((2, "", "b@x", HASH), "username has 0 characters"),
        ((2, "x" * 101, "b@x", HASH), "username has 101 characters"),
        ((2, "a\x00b", "b@x", HASH), "username contains NUL"),
        ((2, b"\xff", "b@x", HASH), "username is not UTF-8"),
        ((2, "Ann", "b@x", HASH), "'Ann' is another user's name too"),
    ],
)
def test_an_invalid_user_is_reported_with_its_messages_and_follows(
    old: Import, user: tuple[object, ...], reason: str
) -> None:
    old.insert("user", (1, "Ann", "a@x", HASH), user)
    old.insert("message", (1, 1, "mine", 100, 0), (2, 2, "lost", 100, 0))
    old.insert("follower", (1, 2), (2, 1), (1, 1))
    old.run()
    assert rows(old.cluster, "SELECT id FROM users") == [(1,)]
    assert rows(old.cluster, "SELECT content FROM messages") == [("mine",)]
    assert rows(old.cluster, "SELECT follower_id, followed_id FROM follows") == [(1, 1)]
    user_line, *others = old.reported()
    assert user_line[:3] == ("rejected", "user", "2")
    assert reason in user_line[3]
    assert [line[3] for line in others] == [
        "whom_id 2 is not among the imported users",
        "who_id 2 is not among the imported users",
        "author_id 2 is not among the imported users",
    ]


@pytest.mark.parametrize(
    ("user", "kept", "what"),
    [
        ((1, 12345, "a@x", HASH), ("12345", "a@x", HASH), None),
        ((1, b"Ann", b"a@x", HASH), ("Ann", "a@x", HASH), None),
        ((1, "a/b", "a@x", HASH), ("a/b", "a@x", HASH), "could not be registered"),
        ((1, "a\nb", "a@x", HASH), ("a\nb", "a@x", HASH), "could not be registered"),
        ((1, " ", "a@x", HASH), (" ", "a@x", HASH), "could not be registered"),
        ((1, "login", "a@x", HASH), ("login", "a@x", HASH), "address of a page"),
        ((1, "Ann", None, HASH), ("Ann", "", HASH), "email is NULL"),
        ((1, "x" * 100, "a@x", HASH), ("x" * 100, "a@x", HASH), None),
        ((1, "Ann", "a" * 5000, HASH), ("Ann", "a" * 5000, HASH), None),
        ((1.0, "Ann", "a@x", HASH), ("Ann", "a@x", HASH), None),
        ((1, "Ann", "a@x", None), ("Ann", "a@x", "!"), "no password signs in"),
        ((1, "Ann", "a@x", "secret"), ("Ann", "a@x", "!"), "no password signs in"),
    ],
)
def test_an_odd_but_valid_user_is_imported(
    old: Import, user: tuple[object, ...], kept: tuple[str, ...], what: str | None
) -> None:
    old.insert("user", user)
    assert old.run().exit_code == 0
    assert rows(old.cluster, "SELECT username, email, password_hash FROM users") == [
        kept
    ]
    assert [line[0] for line in old.reported()] == (["changed"] if what else [])
    assert all(what and what in line[3] for line in old.reported())


def test_a_user_with_the_name_of_a_page_is_renamed_by_the_next_migration(
    old: Import,
) -> None:
    old.insert("user", (1, "login", "a@x", HASH))
    assert old.run().exit_code == 0
    assert "migrate --rename-reserved" in old.reported()[0][3]
    refused = run_migrate(old.cluster)
    assert (refused.exit_code, "page: login." in refused.output) == (1, True)
    assert run_migrate(old.cluster, "--rename-reserved").exit_code == 0
    assert rows(old.cluster, "SELECT id, username FROM users") == [(1, "login_")]


def run_migrate(cluster: Cluster, *options: str) -> Result:
    """Run `minitwit migrate` as the next release does."""
    return CliRunner().invoke(main, ["migrate", *options], env=cluster.environment())


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (1335866400, 1335866400),
        ("1335866400", 1335866400),
        (1335866400.7, 1335866400),
        ("2012-05-01 10:00:00", 1335866400),
        ("2012-05-01T12:00:00+02:00", 1335866400),
        ("2012-05-01", 1335830400),
        (-5, -5),
        (b"1335866400", 1335866400),
        (" 1335866400 ", 1335866400),
        ("1.3358664e9", 1335866400),
        (253402300799, 253402300799),
        ("0001-01-01", -62135596800),
        ("9999-12-31 23:59:59", 253402300799),
        ("0001-01-01T00:00:00+14:00", None),  # In UTC it is of the year 0.
        (None, None),
        (1e30, None),
        ("9" * 5000, None),
        ("", None),
        ("yesterday", None),
        (float("inf"), None),
        (2.0**80, None),
        (b"\xff", None),
    ],
)
def test_a_date_is_imported_or_reported(
    old: Import, written: object, seconds: int | None
) -> None:
    old.insert("user", (1, "Ann", "a@x", HASH))
    old.insert("message", (1, 1, "hi", written, None))
    assert old.run().exit_code == 0
    expected = [] if seconds is None else [(seconds, False)]
    assert rows(old.cluster, "SELECT pub_date, flagged FROM messages") == expected
    assert len(old.reported()) == (seconds is None)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ((1, 1, None, 100, 0), "text is NULL"),
        ((1, 1, "a\x00b", 100, 0), "text contains NUL"),
        ((1, 1, b"\xc3", 100, 0), "text is not UTF-8"),
        ((1, 1, "hi", 100, 7), "flagged is neither 0 nor 1"),
        ((1, 5, "hi", 100, 0), "author_id 5 is not among the imported users"),
        ((1, None, "hi", 100, 0), "author_id is not a whole number"),
    ],
)
def test_an_invalid_message_is_reported(
    old: Import, message: tuple[object, ...], reason: str
) -> None:
    old.insert("user", (1, "Ann", "a@x", HASH))
    old.insert("message", message)
    assert old.run().exit_code == 0
    assert rows(old.cluster, "SELECT id FROM messages") == []
    [line] = old.reported()
    assert line[:3] == ("rejected", "message", "1")
    assert reason in line[3]


@pytest.mark.parametrize(
    ("written", "seconds", "unit"),
    [
        (1615371234567, 1615371234, "milliseconds"),
        (1615371234567.0, 1615371234, "milliseconds"),
        ("1615371234567", 1615371234, "milliseconds"),
        (1615371234567890, 1615371234, "microseconds"),
        (1615371234567890123, 1615371234, "nanoseconds"),
        (2**63 - 1, 9223372036, "nanoseconds"),
        (-(2**63), -9223372037, "nanoseconds"),
    ],
)
def test_a_date_in_a_finer_unit_is_kept_in_seconds_and_reported(
    old: Import, written: object, seconds: int, unit: str
) -> None:
    old.insert("user", (1, "Ann", "a@x", HASH))
    old.insert("message", (1, 1, "hi", written, 0))
    assert old.run().exit_code == 0
    assert rows(old.cluster, "SELECT pub_date FROM messages") == [(seconds,)]
    [line] = old.reported()
    assert line[:3] == ("changed", "message", "1")
    assert line[3] == f"pub_date {written!r} was read as {unit}"


@pytest.mark.parametrize("one", [1, 1.0, "1", "1.0", "01", "+1", " 1 ", "1e0", b"1"])
def test_a_number_is_kept_whatever_type_it_is_stored_in(
    old: Import, one: object
) -> None:
    with closing(old.open()) as file:
        file.executescript(WITHOUT_TYPES)
    old.insert("user", (one, "Ann", "a@x", HASH), (2, "Bo", "b@x", HASH))
    old.insert("follower", (one, 2), (2, one))
    old.insert("message", (one, one, "hi", one, one))
    result = old.run()
    assert result.exit_code == 0, result.output
    assert rows(old.cluster, "SELECT id, username FROM users ORDER BY id") == [
        (1, "Ann"),
        (2, "Bo"),
    ]
    assert rows(
        old.cluster, "SELECT follower_id, followed_id FROM follows ORDER BY id"
    ) == [(1, 2), (2, 1)]
    assert rows(
        old.cluster, "SELECT id, author_id, pub_date, flagged FROM messages"
    ) == [(1, 1, 1, True)]
    assert old.reported() == []


@pytest.mark.parametrize(
    "key", [1.5, "1.5", "one", "1_0", "١", b"\xff", "", "1e999999999", "nan", 1e300]
)
def test_an_id_that_would_lose_something_is_rejected(old: Import, key: object) -> None:
    with closing(old.open()) as file:
        file.executescript(WITHOUT_TYPES)
    old.insert("user", (1, "Ann", "a@x", HASH), (key, "Bo", "b@x", HASH))
    old.insert("message", (1, 1, "hi", 5, 0), (key, 1, "ho", 5, 0))
    old.insert("follower", (1, 1), (key, 1), (1, key))
    old.run()
    assert len(old.reported()) == 4
    assert rows(old.cluster, "SELECT id FROM users") == [(1,)]
    assert rows(old.cluster, "SELECT id FROM messages") == [(1,)]
    assert rows(old.cluster, "SELECT followed_id FROM follows") == [(1,)]


def test_two_spellings_of_one_id_do_not_meet(old: Import) -> None:
    with closing(old.open()) as file:
        file.executescript(WITHOUT_TYPES)
    old.insert("user", (1, "Ann", "", HASH), ("01", "Bo", "", HASH))
    old.insert("follower", (1, 1), ("1", 1.0), ("1x", 1), ("1.0", b"1"))
    old.insert("message", (7, 1, "hi", 5, 0), ("7.0", 1, "ho", 5, 0))
    assert old.run().exit_code == 1
    assert rows(old.cluster, "SELECT id, username FROM users") == [(1, "Ann")]
    assert rows(old.cluster, "SELECT follower_id FROM follows") == [(1,)]
    assert rows(old.cluster, "SELECT content FROM messages") == [("hi",)]
    assert len(old.reported()) == 5


@pytest.mark.parametrize("key", [2**62 + 1, 2**63 - 2, 2**63 - 1])
def test_an_id_that_leaves_none_for_new_rows_is_rejected(old: Import, key: int) -> None:
    old.insert("user", (1, "Ann", "a@x", HASH), (key, "Bo", "b@x", HASH))
    old.insert("message", (1, 1, "hi", 5, 0), (key, 1, "ho", 5, 0))
    result = old.run()
    assert result.exit_code == 0, result.output
    assert rows(old.cluster, "SELECT id FROM messages") == [(1,)]
    assert [line[:3] for line in old.reported()] == [
        ("rejected", "user", f"{key}"),
        ("rejected", "message", f"{key}"),
    ]
    assert all("leaves no ids for new rows" in line[3] for line in old.reported())


def test_the_highest_and_the_lowest_ids_are_kept(old: Import) -> None:
    old.insert("user", (2**62, "Ann", "a@x", HASH), (-(2**63), "Bo", "b@x", HASH))
    old.insert("message", (-3, -(2**63), "hi", 5, 0))
    result = old.run()
    assert result.exit_code == 0, result.output
    add = "INSERT INTO messages (author_id, content) SELECT min(id), '' FROM users "
    assert rows(old.cluster, f"{add} RETURNING id") == [(1,)]


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE follower; CREATE TABLE follower "
        "(who_id INTEGER, whom_id INTEGER, PRIMARY KEY (who_id, whom_id)) "
        "WITHOUT ROWID; INSERT INTO follower VALUES (1, 2)",
        "DROP TABLE user; CREATE TABLE user "
        "(user_id INTEGER PRIMARY KEY, username, email, pw_hash) WITHOUT ROWID; "
        "INSERT INTO user VALUES (1, 'Ann', '', ''), (2, 'Bo', '', '')",
        "ALTER TABLE message RENAME TO m; CREATE VIEW message AS SELECT * FROM m",
        "ALTER TABLE user RENAME TO u; CREATE VIEW user AS SELECT * FROM u",
        "ALTER TABLE follower RENAME TO f; CREATE VIEW follower AS SELECT * FROM f",
        "ALTER TABLE message RENAME COLUMN message_id TO Message_Id; "
        "ALTER TABLE message RENAME COLUMN author_id TO AUTHOR_ID",
        "ALTER TABLE user RENAME TO m; ALTER TABLE m RENAME TO USER; "
        "ALTER TABLE user RENAME COLUMN pw_hash TO PW_Hash",
        "ALTER TABLE user ADD COLUMN biography; ALTER TABLE message ADD COLUMN rowid",
        "DROP TABLE message; CREATE TABLE message (message_id INTEGER PRIMARY KEY, "
        "author_id, text, published, flagged, pub_date AS (published + 0)); "
        "INSERT INTO message VALUES (1, 1, 'hi', 5, 0)",
        "CREATE INDEX backwards ON follower (whom_id DESC, who_id DESC)",
        "PRAGMA journal_mode = WAL; UPDATE message SET flagged = 0",
    ],
)
def test_a_table_that_was_made_otherwise_is_imported(old: Import, change: str) -> None:
    old.insert("user", (1, "Ann", "", HASH), (2, "Bo", "", HASH))
    old.insert("follower", (1, 2))
    old.insert("message", (1, 1, "hi", 5, 0))
    with closing(old.open()) as file:
        file.executescript(change)
    result = old.run()
    assert result.exit_code == 0, result.output
    assert rows(old.cluster, "SELECT username FROM users ORDER BY id") == [
        ("Ann",),
        ("Bo",),
    ]
    assert rows(old.cluster, "SELECT follower_id, followed_id FROM follows") == [(1, 2)]
    assert rows(old.cluster, "SELECT content, pub_date FROM messages") == [("hi", 5)]


@pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be"])
def test_another_encoding_of_the_file_is_read(old: Import, encoding: str) -> None:
    old.file.unlink()
    with closing(old.open()) as file:
        file.executescript(f"PRAGMA encoding = '{encoding}'; {SCHEMA}")
    old.insert("user", (1, "Zoë 🐦", "a@x", HASH))
    assert old.run().exit_code == 0
    assert rows(old.cluster, "SELECT username FROM users") == [("Zoë 🐦",)]


def test_what_the_old_program_writes_meanwhile_is_not_half_read(
    cluster: Cluster, old: Import, tmp_path: Path
) -> None:
    with closing(old.open()) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("INSERT INTO user VALUES (1, 'Ann', '', '')")
        writer.commit()
        with (
            open_report(old.report, old.file) as report,
            closing(LegacyFile(old.file, report, frozenset())) as legacy,
        ):
            assert [row[0] for row in legacy.users()] == [1]
            writer.execute("INSERT INTO user VALUES (2, 'Bo', '', '')")
            writer.execute("INSERT INTO message VALUES (1, 2, 'late', 5, 0)")
            writer.commit()
            assert list(legacy.messages()) == []
            assert not report.rejected_rows


def test_a_file_that_is_being_written_is_refused_with_what_to_do(old: Import) -> None:
    with closing(old.open()) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        result = old.run()
    assert result.exit_code == 1
    assert "database is locked. Stop the program that writes to it" in result.output


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        ("missing/report.tsv", "No such file or directory"),
        ("file/report.tsv", "Not a directory"),
        ("/dev/full", "No space left on device"),
        ("x" * 300, "File name too long"),
    ],
)
def test_a_report_that_cannot_be_written_leaves_nothing(
    old: Import, tmp_path: Path, report: str, reason: str
) -> None:
    (tmp_path / "file").touch()
    old.report = tmp_path / report
    old.insert("user", (1, "Ann", "", HASH), (2, "Ann", "", HASH))
    result = old.run()
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == (
        f"Error: The report {old.report} cannot be written ({reason}): name another "
        "file with --report."
    )
    assert rows(old.cluster, "SELECT id FROM users") == []


@pytest.mark.parametrize("link", [False, True])
def test_the_report_never_overwrites_the_file(old: Import, link: bool) -> None:
    old.insert("user", (1, "Ann", "", HASH))
    old.report = old.file
    if link:
        old.report = old.file.with_name("link")
        old.report.symlink_to(old.file)
    before = old.file.read_bytes()
    result = old.run()
    assert result.exit_code == 1
    assert "is the file to import" in result.stderr
    assert old.file.read_bytes() == before


@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
def test_the_report_never_overwrites_a_part_of_the_file(old: Import, end: str) -> None:
    old.insert("user", (1, "Ann", "", HASH))
    old.report = old.file.with_name(old.file.name + end)
    assert "or a part of it" in old.run().stderr
    assert not old.report.exists()


def test_a_pipe_in_place_of_a_file_is_refused(old: Import) -> None:
    old.file.unlink()
    os.mkfifo(old.file)
    result = old.run()
    assert result.exit_code == 1
    assert result.stderr == f"Error: {old.file} is not a regular file.\n"


def test_a_row_cannot_forge_lines_of_the_report(old: Import) -> None:
    with closing(old.open()) as file, file:
        file.executescript(WITHOUT_TYPES)
        file.execute("INSERT INTO user VALUES (char(9, 10, 13), 'Ann', '', '')")
        file.execute("INSERT INTO user VALUES (CAST(x'ff' AS TEXT), 'Bo', '', '')")
    assert old.run().exit_code == 1
    assert sorted(line[2] for line in old.reported()) == [r"\t\n\r", r"\udcff"]
    assert {len(line) for line in old.reported()} == {4}


def test_more_rejected_than_imported_is_a_failure_that_keeps_what_is_valid(
    old: Import,
) -> None:
    old.insert("user", (1, "Ann", "", HASH))
    old.insert("message", *((i, 9, "lost", 5, 0) for i in range(2)))
    result = old.run()
    assert result.exit_code == 1
    assert "More rows were rejected than imported: read" in result.stderr
    assert rows(old.cluster, "SELECT id FROM users") == [(1,)]


def test_text_that_is_not_utf8_is_reported_and_the_rest_is_read(old: Import) -> None:
    old.insert("user", (1, "Ann", "a@x", HASH))
    with closing(old.open()) as file, file:
        file.execute("INSERT INTO message VALUES (1, 1, CAST(x'ff' AS TEXT), 1, 0)")
        file.execute("INSERT INTO message VALUES (2, 1, 'fine', 1, 0)")
    assert old.run().exit_code == 0
    assert rows(old.cluster, "SELECT id FROM messages") == [(2,)]
    assert "text is not UTF-8" in old.reported()[0][3]


def test_a_second_follow_is_reported_and_the_first_keeps_its_place(old: Import) -> None:
    old.insert("user", *((i, f"u{i}", "", HASH) for i in (1, 2, 3)))
    old.insert("follower", (1, 3), (1, 2), (1, 3), (None, 2))
    assert old.run().exit_code == 0
    assert rows(old.cluster, "SELECT id, followed_id FROM follows ORDER BY id") == [
        (1, 3),
        (2, 2),
    ]
    assert sorted(line[3] for line in old.reported()) == [
        "a row before it has 1, 3",
        "who_id is not a whole number: None",
    ]


def test_a_file_that_lost_its_keys_is_imported_without_its_duplicates(
    old: Import,
) -> None:
    with closing(old.open()) as file:
        file.executescript(WITHOUT_TYPES)
    old.insert("user", (1, "Ann", "", HASH), ("2", "Bo", "", HASH), (1, "C", "", HASH))
    old.insert("user", (None, "D", "", HASH), ("02", "E", "", HASH))
    old.insert(
        "message", (1, "2", "a", "5", "0"), (1, 1, "b", 5, 0), (None, 1, "", 5, 0)
    )
    result = old.run()
    assert result.exit_code == 1, result.output
    assert rows(old.cluster, "SELECT id, username FROM users ORDER BY id") == [
        (1, "Ann"),
        (2, "Bo"),
    ]
    assert rows(old.cluster, "SELECT author_id, content FROM messages") == [(2, "a")]
    assert len(old.reported()) == 5


def test_a_failure_half_way_leaves_nothing_and_says_so(old: Import) -> None:
    old.insert("user", (1, "Ann", "a@x", HASH))
    old.insert("message", *((i, 1, f"m{i}", 100, 0) for i in range(1, 5000)))
    size = old.file.stat().st_size
    with old.file.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * (size // 4))
    result = old.run()
    assert result.exit_code == 1
    assert "The file cannot be read" in result.output
    assert rows(old.cluster, "SELECT id FROM users") == []


def test_an_import_that_is_killed_leaves_nothing(old: Import) -> None:
    old.insert("user", (1, "Ann", "a@x", HASH))
    old.insert("message", *((i, 1, f"m{i}", 100, 0) for i in range(1, 200_000)))
    started = "SELECT pid FROM pg_stat_progress_copy WHERE relid = 'messages'::regclass"
    command = (MINITWIT, "import-sqlite", old.file)
    with subprocess.Popen(
        command,
        env=old.cluster.environment(),
        cwd=old.file.parent,
        stderr=subprocess.DEVNULL,
    ) as process:
        while not rows(old.cluster, started):
            assert process.poll() is None, "it was over before it could be killed"
        process.kill()
    while rows(old.cluster, started):
        pass
    assert rows(old.cluster, "SELECT id FROM users") == []


def test_a_database_with_users_is_refused(old: Import) -> None:
    old.insert("user", (1, "Ann", "a@x", HASH))
    assert old.run().exit_code == 0
    result = old.run()
    assert result.exit_code == 1
    assert "import into an empty database" in result.output
    assert rows(old.cluster, "SELECT id FROM users") == [(1,)]


def test_a_dry_run_reports_and_keeps_nothing(old: Import) -> None:
    old.insert("user", (1, "Ann", "a@x", HASH), (2, None, "a@x", HASH))
    result = old.run("--dry-run")
    assert result.exit_code == 0
    assert "user: 1 imported, 1 rejected" in result.output
    assert rows(old.cluster, "SELECT id FROM users") == []


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("DROP TABLE follower", "it has no table follower"),
        (
            "ALTER TABLE message DROP COLUMN flagged",
            "lacks flagged in the table message",
        ),
    ],
)
def test_a_file_that_is_no_minitwit_is_refused(
    old: Import, broken: str, reason: str
) -> None:
    with closing(old.open()) as file:
        file.execute(broken)
    result = old.run()
    assert result.exit_code == 1
    assert reason in result.output


def test_a_file_that_is_no_database_is_refused(old: Import) -> None:
    old.file.write_text("hello" * 1000)
    result = old.run()
    assert result.exit_code == 1
    assert "The file cannot be read" in result.output


@pytest.fixture
def users(cluster: Cluster) -> Iterator[Users]:
    with closing(Database(settings(cluster, function_role("register")))) as database:
        yield Users(database)


def test_the_old_password_signs_in_and_is_hashed_anew(
    old: Import, users: Users
) -> None:
    # Made by werkzeug 3.1 of "correct horse".
    legacy = (
        "pbkdf2:sha1:1000$7xESK9ZiPPohPIfi$b9de83c39aecd4e78de5c190c023b9829d19e6f2"
    )
    old.insert("user", (1, "Ann", "a@x", legacy))
    assert old.run().exit_code == 0
    with pytest.raises(InvalidPassword):
        users.sign_in("Ann", "wrong")
    assert rows(old.cluster, "SELECT password_hash FROM users") == [(legacy,)]
    assert users.sign_in("Ann", "correct horse").account.id == 1
    [(stored,)] = rows(old.cluster, "SELECT password_hash FROM users")
    assert str(stored).startswith("$argon2id$")
    assert users.sign_in("Ann", "correct horse").account.id == 1
