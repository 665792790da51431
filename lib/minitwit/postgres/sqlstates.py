"""Maps PostgreSQL error codes (SQLSTATE) and constraints to domain errors.

https://www.postgresql.org/docs/18/errcodes-appendix.html
"""

from collections.abc import Mapping

from minitwit.errors import (
    InvalidInput,
    JustDeleted,
    MiniTwitError,
    NotPermitted,
    SchemaOutdated,
    StorageUnavailable,
    UsernameTaken,
)

_CONSTRAINTS: dict[str, type[MiniTwitError]] = {"users_username_key": UsernameTaken}

# By code, or by class: the first two characters.
_STATES: dict[str, type[MiniTwitError]] = {
    "08": StorageUnavailable,  # connection exception
    "22": InvalidInput,  # data exception
    "23503": JustDeleted,  # a foreign key: no request names a row that never was
    "25006": StorageUnavailable,  # read-only: a standby
    "28": StorageUnavailable,  # the server refuses the role or its password
    "3D": StorageUnavailable,  # no such database
    "40": StorageUnavailable,  # serialization failure, deadlock
    "42501": NotPermitted,  # for the owner only, or not granted by a migration yet
    "42703": SchemaOutdated,  # no such column
    "42883": SchemaOutdated,  # no such function
    "42P01": SchemaOutdated,  # no such table
    "53": StorageUnavailable,  # too many connections, disk full, out of memory
    "55P03": StorageUnavailable,  # lock not available in time
    "57": StorageUnavailable,  # cancelled by a time-out, shutting down, starting up
    "58": StorageUnavailable,  # the server's own input/output failed
}

# The schema was changed after a statement was prepared. Nothing was executed, and a new
# connection prepares it again.
_STALE_PLAN = {"0A000", "26000"}


def is_stale_plan(fields: Mapping[str, str]) -> bool:
    """Say whether a statement only needs to be prepared again."""
    return fields.get("C") in _STALE_PLAN


def is_too_many_connections(fields: Mapping[str, str]) -> bool:
    """Say whether the server, or the role, may have no further connection."""
    return fields.get("C") == "53300"


def is_starting_or_stopping(fields: Mapping[str, str]) -> bool:
    """Say whether the server accepts no connection at this moment."""
    return fields.get("C", "").startswith("57P")


def is_lock_not_available(fields: Mapping[str, str]) -> bool:
    """Say whether a statement gave up waiting for a lock."""
    return fields.get("C") == "55P03"


def domain_error(fields: Mapping[str, str]) -> MiniTwitError | None:
    """Return the domain error for a server's error; None for a bug of ours.

    Args:
        fields: of the ErrorResponse, by their one-letter codes.

    """
    state = fields.get("C", "")
    kind = (
        _CONSTRAINTS.get(fields.get("n", ""))
        or _STATES.get(state)
        or _STATES.get(state[:2])
    )
    return kind() if kind else None


def error_fields(error: Exception) -> dict[str, str]:
    """Return the fields of the server's ErrorResponse, by their one-letter codes."""
    first = error.args[0] if error.args else None
    return first if isinstance(first, dict) else {"M": str(error)}


def explained(error: Exception) -> str:
    """Return the server's message and what it adds to it."""
    fields = error_fields(error)
    return " ".join(fields[key] for key in ("M", "D", "H") if key in fields)
