"""Moderators: who is one, and the messages that they hide and restore."""

from minitwit.errors import (
    AccountSuspended,
    NotModerator,
    UnknownMessage,
    UnknownUser,
)
from minitwit.postgres.database import Database, Row

AUTHOR_SUSPENDED = "The author is suspended; lift the suspension first."


class Moderation:
    """The rights of moderators, and what they do to single messages.

    Args:
        database: where accounts and messages are stored.

    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def set_moderator(self, username: str, is_moderator: bool) -> None:
        """Grant or revoke moderation; the functions' database role may not.

        Raises:
            UnknownUser: the user does not exist.

        """
        if not self._database.write(
            "set_moderator", username=username, is_moderator=is_moderator
        ):
            raise UnknownUser

    def set_hidden_as(self, moderator_id: int, message_id: int, hidden: bool) -> str:
        """Hide or restore a message on behalf of a moderator; hiding closes reports.

        Returns:
            The name of the message's author.

        Raises:
            NotModerator: the account is not a moderator at this moment.
            UnknownMessage: there is no such message.
            AccountSuspended: it cannot be restored while its author is suspended.

        """
        rows = self._set_flag(message_id, hidden, moderator_id)
        if not rows and not self._database.read("is_moderator", id=moderator_id)[0][0]:
            raise NotModerator
        return _author_of_changed(rows)

    def set_hidden(self, message_id: int, hidden: bool) -> None:
        """Hide or restore a message, on behalf of the operator.

        Raises:
            UnknownMessage: there is no such message.
            AccountSuspended: it cannot be restored while its author is suspended.

        """
        _author_of_changed(self._set_flag(message_id, hidden, None))

    def _set_flag(
        self, message_id: int, hidden: bool, moderator_id: int | None
    ) -> list[Row]:
        return self._database.write(
            "set_flag", id=message_id, flagged=hidden, moderator_id=moderator_id
        )


def _author_of_changed(rows: list[Row]) -> str:
    """Return the author of a message that was hidden or restored."""
    if not rows:
        raise UnknownMessage
    author, changed = rows[0]
    if changed is None:
        raise AccountSuspended(AUTHOR_SUSPENDED)
    return str(author)
