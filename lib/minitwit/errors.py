"""Domain exceptions.

The first line of a class's docstring is the message that callers see by default.
`web/error_responses.py` maps the exceptions to HTTP statuses.
"""


class MiniTwitError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None) -> None:
        """Use the message, or by default the first line of the docstring."""
        super().__init__(message or (type(self).__doc__ or "").splitlines()[0])


class InvalidSettings(MiniTwitError):
    """A setting is missing or malformed."""


class InvalidInput(MiniTwitError):
    """The request is not understood."""

    field: str | None = None  # The field of the form that is refused.

    def __init__(self, message: str | None = None, field: str | None = None) -> None:
        """Use the message and the field, or by default the class's own."""
        super().__init__(message)
        self.field = field or self.field


class UsernameTaken(InvalidInput):
    """The username is already taken"""  # noqa: D400, D415 (the contract's words)

    field = "username"


class UnknownUser(MiniTwitError):
    """There is no user of that name."""


class InvalidUsername(InvalidInput):
    """Invalid username"""  # noqa: D400, D415 (the contract's words)

    field = "username"


class InvalidPassword(InvalidInput):
    """Invalid password"""  # noqa: D400, D415 (the contract's words)

    field = "password"

    def __init__(self, user_id: int | None = None) -> None:
        """Name the account that the password was sent for."""
        super().__init__()
        self.user_id = user_id


class TooManyAttempts(MiniTwitError):
    """There were too many attempts; wait half a minute, then try again."""

    def __init__(self, user_id: int | None = None) -> None:
        """Name the account that a password was sent for, if there is one."""
        super().__init__()
        self.user_id = user_id


class InvalidResetLink(InvalidInput):
    """The link has expired or was used already; ask the operator for a new one."""


class UnknownMessage(MiniTwitError):
    """There is no such message."""


class NotAuthor(MiniTwitError):
    """Only its author may delete a message."""


class AccountSuspended(InvalidInput):
    """The account is suspended; it can neither sign in nor post."""


class JustDeleted(MiniTwitError):
    """The user or the message has just been deleted."""


class NotModerator(MiniTwitError):
    """Only a moderator may do this."""


class ModeratorProtected(MiniTwitError):
    """A moderator cannot be suspended; an operator has to revoke the right first."""


class StorageUnavailable(MiniTwitError):
    """The database is unavailable; try again in a few seconds."""


class SchemaOutdated(StorageUnavailable):
    """The database's schema is missing or too old; run `minitwit migrate`."""


class NotPermitted(SchemaOutdated):
    """The database role lacks a privilege: run `minitwit migrate`, or be the owner."""


class ForeignDatabase(StorageUnavailable):
    """The database belongs to another installation; correct MINITWIT_DATABASE_URL."""


class DatabaseRefused(MiniTwitError):
    """The database refused a command's statement."""


class LockNotAvailable(DatabaseRefused):
    """Another transaction holds the lock that is needed; end it, then repeat."""
