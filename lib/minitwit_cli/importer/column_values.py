"""Conversion of SQLite's values to PostgreSQL's column types.

A column of SQLite holds values of any type: numbers as names, dates as text, bytes,
NULL. What loses nothing is converted, and anything else is refused with the reason.
"""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from reprlib import repr as excerpt

from minitwit.accounts.passwords import LOCKED, is_supported
from minitwit.text.dates import UNITS, unit_of
from minitwit.text.fields import MAX_USERNAME

Value = str | bytes | int | float | None

# Beyond this there would be too few ids left for new rows.
MAX_ID = 2**62

_BIGINT = range(-(2**63), 2**63)
_BOOLEANS = {"": False, "0": False, "1": True}
_BOOLEANS |= {"false": False, "true": True, "f": False, "t": True}


class InvalidValue(Exception):
    """A value that the database cannot hold; the message says why."""


def identifier(name: str, value: Value) -> int:
    """Return an id, also where it is stored as text or as a floating-point number."""
    number = _whole_number(value)
    if number is None:
        raise InvalidValue(f"{name} is not a whole number: {excerpt(value)}")
    if number > MAX_ID:
        raise InvalidValue(
            f"{name} {number} leaves no ids for new rows; {MAX_ID} is the highest "
            "that is possible"
        )
    return number


def text(name: str, value: Value) -> str:
    """Return text, also of a number or of bytes."""
    if value is None:
        raise InvalidValue(f"{name} is NULL")
    try:
        found = value.decode() if isinstance(value, bytes) else str(value)
        found.encode()
    except UnicodeError:
        raise InvalidValue(f"{name} is not UTF-8") from None
    if "\x00" in found:
        raise InvalidValue(f"{name} contains NUL, which PostgreSQL's text cannot hold")
    return found


def username(value: Value) -> str:
    """Return a name that the database can hold."""
    name = text("username", value)
    if not 1 <= len(name) <= MAX_USERNAME:
        raise InvalidValue(
            f"username has {len(name)} characters; 1 to {MAX_USERNAME} are possible"
        )
    return name


def password_hash(value: Value) -> str:
    """Return a hash that sign-in can verify, or the one that no password matches."""
    try:
        found = text("pw_hash", value)
    except InvalidValue:
        return LOCKED
    return found if is_supported(found) else LOCKED


def publication_date(value: Value) -> tuple[int, str]:
    """Return a date in Unix seconds, and the unit in which it was stored.

    A number is of the coarsest unit in which a page can show it. Text may also be a
    date, or a date and time, in ISO 8601; without an offset it is UTC.
    """
    try:
        number = value if isinstance(value, int) else _timestamp(value)
        if unit := unit_of(number):
            return number // UNITS[unit], unit
    except (ValueError, OverflowError):
        pass
    raise InvalidValue(f"pub_date is not a date that can be shown: {excerpt(value)}")


def boolean(name: str, value: Value) -> bool:
    """Return a flag; NULL is false."""
    number = _whole_number(value)
    if number is None:
        spelled = "" if value is None else text(name, value).strip().lower()
    else:
        spelled = str(number)
    if spelled not in _BOOLEANS:
        raise InvalidValue(f"{name} is neither 0 nor 1: {excerpt(value)}")
    return _BOOLEANS[spelled]


def _whole_number(value: Value) -> int | None:
    """Return a 64-bit integer of any storage class, or None if something is lost."""
    if isinstance(value, int):
        return value
    spelled = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    # Decimal would also read "1_000" and the digits of other scripts.
    if not spelled.isascii() or "_" in spelled:
        return None
    try:
        number = Decimal(spelled)
    except InvalidOperation:
        return None
    # The range first: int() of 1e999999999 would take all memory.
    if not number.is_finite() or not _BIGINT[0] <= number <= _BIGINT[-1]:
        return None
    return int(number) if number == int(number) else None


def _timestamp(value: Value) -> int:
    spelled = text("pub_date", value)
    for number in (int, float):
        try:
            return int(number(spelled))
        except ValueError:
            continue
    moment = datetime.fromisoformat(spelled.strip())
    # In UTC, too, it has to be one of the years that can be written.
    utc = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    return int(utc.timestamp())
