"""Password policy: a minimum length, and no password that attackers try first.

There are no rules about kinds of characters, no maximum but that of a request, and no
expiry (OWASP ASVS 5.0, section 6.2).
"""

import re
from array import array
from bisect import bisect_left
from functools import cache
from hashlib import sha256
from importlib import resources
from sys import byteorder

from minitwit.errors import InvalidInput

MIN_LENGTH = 8  # characters

# What a password must not consist of, with digits and signs around or between it.
SITE_WORDS = frozenset(
    {"minitwit", "twit", "tweet", "tweets", "simulator", "supersafe"}
)

_DIGEST_BYTES = 4
_NO_LETTER = re.compile(r"[\W\d_]+")


def require_strong(
    password: str, field: str, username: str = "", email: str = ""
) -> None:
    """Require that a new password is not easy to guess.

    Args:
        password: that was chosen.
        field: of the form, named by the error.
        username: of the account; a password must not consist of it.
        email: of the account; a password must not consist of what precedes its `@`.

    Raises:
        InvalidInput: the password is too short, among the most common ones that were
            ever leaked, or consists of a word about the site or the account.

    """
    if len(password) < MIN_LENGTH:
        raise InvalidInput(
            f"Choose a password of at least {MIN_LENGTH} characters", field
        )
    if _is_common(password):
        raise InvalidInput(
            "This password is one of the most common ones; choose another", field
        )
    words = {_letters(word) for word in (username, email.partition("@")[0])}
    if _letters(password) in (SITE_WORDS | words) - {""}:
        raise InvalidInput(
            "Choose a password that is not made of your name or that of the site", field
        )


def digest(password: str) -> int:
    """Return the number that stands for a common password in the list."""
    return int.from_bytes(sha256(password.lower().encode()).digest()[:_DIGEST_BYTES])


def _is_common(password: str) -> bool:
    known, wanted = _common(), digest(password)
    place = bisect_left(known, wanted)
    return place < len(known) and known[place] == wanted


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", text).lower()


@cache
def _common() -> "array[int]":
    """Return the digests of common passwords (`deploy/local/common-passwords`).

    Eleven thousand take 46 kB; one other password in 400,000 has a digest among them.
    """
    known = array("I", (resources.files(__package__) / "common_passwords").read_bytes())
    if byteorder == "little":
        known.byteswap()
    return known
