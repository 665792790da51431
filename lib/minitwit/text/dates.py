"""Publication dates: Unix seconds, and the finer units that some programs wrote."""

# The years 1 to 9999, which are all that RFC 3339 and Python can write.
_WRITABLE = range(-62_135_596_800, 253_402_300_800)

UNITS = {
    "seconds": 1,
    "milliseconds": 1_000,
    "microseconds": 1_000_000,
    "nanoseconds": 1_000_000_000,
}


def unit_of(number: int) -> str | None:
    """Return the coarsest unit in which a number is a date that can be written.

    Every 64-bit integer has one; other numbers may have none.
    """
    found = (unit for unit, factor in UNITS.items() if number // factor in _WRITABLE)
    return next(found, None)


def writable(pub_date: int) -> int:
    """Return the Unix seconds of a stored 64-bit integer, in the years 1 to 9999.

    Anything can have been imported or written with psql, and one row that cannot be
    shown would fail every page that it is on.
    """
    if pub_date in _WRITABLE:
        return pub_date
    return pub_date // UNITS[unit_of(pub_date) or "nanoseconds"]
