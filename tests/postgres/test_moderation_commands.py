"""The operator's side of moderation, as typed."""

from click.testing import CliRunner, Result

from minitwit.postgres.roles import OWNER, function_role
from minitwit.store import Store
from minitwit_cli.commands import main
from tests.postgres.databases import OwnDatabase
from tests.store_rows import add_user, reader_of, texts


def minitwit(testbed: OwnDatabase, *words: str, role: str = OWNER) -> Result:
    """Type a command."""
    return CliRunner().invoke(main, words, env=testbed.environment(role))


def test_a_moderator_is_made_and_unmade(testbed: OwnDatabase, store: Store) -> None:
    ada = add_user(store, "Ada Lovelace")
    granted = minitwit(testbed, "grant-moderator", "Ada Lovelace")
    assert granted.output == "Ada Lovelace is a moderator.\n"
    assert reader_of(store, ada).is_moderator
    revoked = minitwit(testbed, "revoke-moderator", "Ada Lovelace")
    assert revoked.output == "Ada Lovelace is no moderator.\n"
    assert not reader_of(store, ada).is_moderator


def test_a_message_is_flagged_and_unflagged(testbed: OwnDatabase, store: Store) -> None:
    add_user(store, "ada")
    store.messages.add("ada", "rude")
    number = str(store.messages.public_timeline()[0].id)
    assert minitwit(testbed, "flag", number).output == f"Message {number} is hidden.\n"
    assert texts(store.messages.public_timeline()) == []
    assert minitwit(testbed, "unflag", number).exit_code == 0
    assert texts(store.messages.public_timeline()) == ["rude"]


def test_what_cannot_be_done_is_said_in_a_sentence(
    testbed: OwnDatabase, store: Store
) -> None:
    add_user(store, "ada")
    for words, sentence in (
        (("grant-moderator", "nobody"), "There is no user of that name."),
        (("flag", "77"), "There is no such message."),
        (("unflag", "0"), "0 is not in the range 1<=x"),
    ):
        result = minitwit(testbed, *words)
        assert result.exit_code != 0
        assert sentence in result.output
    refused = minitwit(
        testbed, "grant-moderator", "ada", role=function_role("messages")
    )
    assert "be the owner" in refused.output


def test_an_account_is_suspended_and_the_suspension_lifted(
    testbed: OwnDatabase, store: Store
) -> None:
    add_user(store, "ada")
    store.messages.add("ada", "spam")
    assert minitwit(testbed, "suspend", "ada").output == "ada is suspended.\n"
    assert store.users.find("ada").is_suspended
    assert texts(store.messages.public_timeline()) == []
    lifted = minitwit(testbed, "unsuspend", "ada", role=function_role("messages"))
    assert lifted.output == "ada is not suspended.\n"
    assert texts(store.messages.public_timeline()) == ["spam"]
    minitwit(testbed, "grant-moderator", "ada")
    refused = minitwit(testbed, "suspend", "ada")
    assert (refused.exit_code, "A moderator cannot" in refused.output) == (1, True)
