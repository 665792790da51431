"""The export of an account that has more than one document holds."""

import json

from minitwit.accounts.export import Exports, Place
from minitwit.postgres.database import Database
from minitwit.store import Store
from minitwit_cli.maintenance.admin_connection import AdminConnection
from tests.store_rows import add_user

MESSAGES, FOLLOWERS = 4_500, 2_500


def test_documents_follow_each_other_until_everything_was_exported(
    database: Database, store: Store, owner: AdminConnection
) -> None:
    ada = add_user(store, "ada")
    owner.run(
        "INSERT INTO users (username, email, password_hash)"  # noqa: S608
        f" SELECT 'user ' || n, 'a@b.c', '*' FROM generate_series(1, {FOLLOWERS}) n;"
        "INSERT INTO follows (follower_id, followed_id)"
        f" SELECT id, {ada.id} FROM users WHERE id <> {ada.id};"
        "INSERT INTO messages (author_id, content, pub_date, flagged)"
        f" SELECT {ada.id}, n, n / 10, n % 3 = 0 FROM generate_series(1, {MESSAGES}) n;"
        "INSERT INTO reports (message_id, reporter_id)"
        f" SELECT id, {ada.id} FROM messages WHERE id <= 10;"
    )
    exports = Exports(database, max_bytes=40_000)
    lists: dict[str, list[object]] = {}
    place: Place | None = Place()
    sizes = []
    while place:
        fields, place = exports.document(ada.id, Place.parse(str(place)))
        assert json.loads(fields.pop("account"))["username"] == "ada"
        assert json.loads(fields.pop("sessions")) == []
        sizes.append(sum(map(len, fields.values())))
        for name, text in fields.items():
            lists.setdefault(name, []).extend(json.loads(text))
    assert len(sizes) > 3
    assert max(sizes) < 50_000  # one page more
    assert lists["followers"] == [f"user {n}" for n in range(FOLLOWERS, 0, -1)]
    assert len(lists["reports"]) == 10
    contents = {
        name: [int(message["content"]) for message in lists[name]]  # type: ignore[index]
        for name in ("messages", "hidden_messages")
    }
    numbers = range(MESSAGES, 0, -1)
    assert contents["messages"] == [n for n in numbers if n % 3]
    assert contents["hidden_messages"] == [n for n in numbers if n % 3 == 0]


def test_any_other_place_is_the_beginning() -> None:
    for text in (
        "",
        "x",
        "messages",
        "nothing.1.2",
        f"messages.{2**63}.1",
        "messages.1",
    ):
        assert Place.parse(text) == Place()
    assert Place.parse("messages.-5.7") == Place("messages", -5, 7)
