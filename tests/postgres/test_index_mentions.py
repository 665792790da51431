"""`minitwit index-mentions` finds the mentions in messages that were not posted."""

import pytest
from click.testing import CliRunner

from minitwit.discovery import mentions
from minitwit.store import Store
from minitwit_cli.commands import main
from minitwit_cli.maintenance.admin_connection import AdminConnection
from tests.postgres.databases import OwnDatabase
from tests.store_rows import add_user, texts


def index(testbed: OwnDatabase, *options: str) -> str:
    """Run the command as the role of the functions, and return what it says."""
    result = CliRunner().invoke(
        main, ["index-mentions", *options], env=testbed.environment()
    )
    assert result.exit_code == 0, result.output
    return result.output


def mentioning(store: Store, name: str) -> list[str]:
    """Return the messages that mention a user."""
    return texts(store.mentions.of(store.users.find(name).id))


@pytest.fixture
def imported(
    owner: AdminConnection, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Store six messages without their mentions, and index them in small batches."""
    monkeypatch.setattr(mentions, "_BATCH", 2)
    monkeypatch.setattr(mentions, "_MOST_CANDIDATES", 3)
    for name in ("ada", "bob", "Max Q. Mustermann", "Max"):
        add_user(store, name)
    owner.run(
        "INSERT INTO messages (id, author_id, pub_date, flagged, content) VALUES "
        "(-7, 1, -5, false, 'old @bob and @Max Q. Mustermann'), "
        "(1, 1, 10, false, 'nothing'), (2, 1, 20, true, 'hidden @bob'), "
        "(3, 1, 20, false, '@ada @bob @bob'), (9, 2, 20, false, '@Max, @bob, @eve'), "
        "(4611686018427387904, 1, 30, false, '@bob')"
    )


def test_mentions_of_stored_messages_are_found_and_repeating_it_adds_none(
    testbed: OwnDatabase, store: Store, imported: None
) -> None:
    assert mentioning(store, "bob") == []
    said = index(testbed)
    assert "up to message 1: 2 mentions added\n" in said
    assert f"up to message {2**62}: 6 mentions added\n" in said
    shown = ["@bob", "@ada @bob @bob", "old @bob and @Max Q. Mustermann"]
    for _ in range(2):
        assert mentioning(store, "bob") == shown
        assert mentioning(store, "Max Q. Mustermann") == shown[2:]
        assert mentioning(store, "Max") == ["@Max, @bob, @eve"]
        assert mentioning(store, "ada") == []
        assert f"up to message {2**62}: 0 mentions added\n" in index(testbed)
    store.moderation.set_hidden(2, False)
    assert "hidden @bob" in mentioning(store, "bob")


def test_an_interrupted_run_goes_on_behind_a_message(
    testbed: OwnDatabase, store: Store, imported: None
) -> None:
    index(testbed, "--after", "3")
    assert mentioning(store, "bob") == ["@bob"]
    assert index(testbed, "--after", str(2**62)) == "All messages are indexed.\n"
    index(testbed)
    assert len(mentioning(store, "bob")) == 3
