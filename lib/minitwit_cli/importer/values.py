"""What a column of the old file may hold, as today's type or a reason against it.

SQLite keeps whatever it was given: numbers as names, dates as text, bytes, NULL.
"""

from datetime import UTC, datetime

from minitwit.models import MAX_USERNAME
from minitwit.passwords import LOCKED, is_supported

Value = str | bytes | int | float | None

_BIGINT = range(-(2**63), 2**63)
_TRUTHS = {"": False, "0": False, "1": True, "false": False, "true": True}


class Unusable(Exception):
    """A value that the database cannot hold; the message says why."""


def integer(name: str, value: Value) -> int:
    """Return a whole number, also where it stands as text."""
    text = str(value)
    try:
        number = int(text)
    except ValueError:
        raise Unusable(f"{name} is not a whole number: {value!r}") from None
    # Only the usual spelling, so that two spellings of one id never meet.
    if str(number) != text or number not in _BIGINT:
        raise Unusable(f"{name} is not a whole number: {value!r}")
    return number


def text(name: str, value: Value) -> str:
    """Return text, also of a number or of bytes."""
    if value is None:
        raise Unusable(f"{name} is NULL")
    try:
        found = value.decode() if isinstance(value, bytes) else str(value)
        found.encode()
    except UnicodeError:
        raise Unusable(f"{name} is not UTF-8") from None
    if "\x00" in found:
        raise Unusable(f"{name} contains NUL, which PostgreSQL's text cannot hold")
    return found


def username(value: Value) -> str:
    """Return a name that the database can hold."""
    name = text("username", value)
    if not 1 <= len(name) <= MAX_USERNAME:
        raise Unusable(
            f"username has {len(name)} characters; 1 to {MAX_USERNAME} are possible"
        )
    return name


def password_hash(value: Value) -> str:
    """Return a hash that signs somebody in, or the one that no password opens."""
    try:
        found = text("pw_hash", value)
    except Unusable:
        return LOCKED
    return found if is_supported(found) else LOCKED


def unix_seconds(value: Value) -> int:
    """Return a time, also where it is a fraction, a date or a date and time (UTC)."""
    try:
        seconds = _seconds(text("pub_date", value))
    except (ValueError, OverflowError):
        raise Unusable(f"pub_date is not a time: {value!r}") from None
    if seconds not in _BIGINT:
        raise Unusable(f"pub_date is not a time: {value!r}")
    return seconds


def truth(value: Value) -> bool:
    """Return a flag; NULL is none."""
    spelled = "" if value is None else str(value).lower()
    if spelled not in _TRUTHS:
        raise Unusable(f"flagged is neither 0 nor 1: {value!r}")
    return _TRUTHS[spelled]


def _seconds(spelled: str) -> int:
    for number in (int, float):
        try:
            return int(number(spelled))
        except ValueError:
            continue
    moment = datetime.fromisoformat(spelled)
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())
