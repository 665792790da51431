"""Reports: readers report messages, and moderators see a queue of them."""

from minitwit.errors import InvalidInput, NotModerator, UnknownMessage
from minitwit.models import Post, ReportedMessage
from minitwit.postgres.database import Database

PAGE_SIZE = 30  # messages on a page of the queue
AND_ONE_MORE = PAGE_SIZE + 1  # which shows whether another page follows

# Every message is before this place: the first page begins here.
_END = 2**63 - 1


class Reports:
    """The reports of all readers.

    Args:
        database: where they are stored.

    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, reporter_id: int, message_id: int) -> None:
        """Report a message; a second time, or after a dismissal, changes nothing.

        Args:
            reporter_id: of the account that reports it.
            message_id: of the message.

        Raises:
            UnknownMessage: there is no such message, or it is hidden.
            InvalidInput: it is the account's own.

        """
        rows = self._database.write(
            "report_message", reporter_id=reporter_id, message_id=message_id
        )
        if not rows:
            raise UnknownMessage
        if rows[0][0]:
            raise InvalidInput("This message is your own; you can delete it.")

    def page(self, before: int | None = None) -> list[ReportedMessage]:
        """Return a page of the messages with open reports, newest message first.

        Args:
            before: id of the message behind which the page begins; by default all
                messages are listed.

        """
        rows = self._database.read(
            "reported_messages",
            before=_END if before is None else before,
            limit=AND_ONE_MORE,
        )
        return [
            ReportedMessage(Post(*post), number, first_reported_at)
            for *post, number, first_reported_at in rows
        ]

    def dismiss(self, moderator_id: int, message_id: int) -> None:
        """Close the reports of a message on behalf of a moderator.

        Raises:
            NotModerator: the account is not a moderator at this moment.

        """
        if not self._database.write(
            "dismiss_reports", moderator_id=moderator_id, message_id=message_id
        ):
            raise NotModerator
