"""What can go wrong, as facts of the domain.

The docstring of a class is the sentence that its reader sees, unless a raise
gives a better one. `runtime/errors.py` is the only place that knows statuses.
"""


class MiniTwitError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None) -> None:
        """Take the message, by default the first line of the docstring."""
        super().__init__(message or (type(self).__doc__ or "").splitlines()[0])


class InvalidSettings(MiniTwitError):
    """A setting is missing or malformed."""


class InvalidInput(MiniTwitError):
    """The request is not understood."""


class UsernameTaken(MiniTwitError):
    """The username is already taken"""  # noqa: D400, D415 (the contract's words)


class UnknownUser(MiniTwitError):
    """There is no user of that name."""


class InvalidUsername(MiniTwitError):
    """Invalid username"""  # noqa: D400, D415 (the contract's words)


class InvalidPassword(MiniTwitError):
    """Invalid password"""  # noqa: D400, D415 (the contract's words)


class UnknownMessage(MiniTwitError):
    """There is no such message."""


class NotModerator(MiniTwitError):
    """Only a moderator may hide and restore messages."""


class StorageUnavailable(MiniTwitError):
    """The storage does not answer at the moment; try again in a few seconds."""


class SchemaOutdated(StorageUnavailable):
    """The database's schema is missing or too old; run `minitwit migrate`."""


class NotPermitted(SchemaOutdated):
    """The database role may not do this: run `minitwit migrate`, or be the owner."""


class ForeignDatabase(StorageUnavailable):
    """The database is another installation's; correct MINITWIT_DATABASE_URL."""


class DatabaseRefused(MiniTwitError):
    """The database refused a command's statement."""


class LockNotAvailable(DatabaseRefused):
    """Another transaction holds the lock that is needed; end it, then repeat."""
