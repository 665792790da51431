"""Hashing of passwords with argon2id.

The cost is OWASP's (19 MiB, two passes, one lane): about 20 ms, a fifth of scrypt's
at werkzeug's default.
https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html

The hashes of an imported MiniTwit are accepted as well, and outdated: whoever signs
in with one gets a new one.
"""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from minitwit.legacy import hashes

_hasher = PasswordHasher(
    time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID
)

# What an account holds that no password opens, as in Unix's shadow file.
LOCKED = "!"


def hash_password(password: str) -> str:
    """Return a new salted hash of a password."""
    return _hasher.hash(password)


def matches(password: str, password_hash: str | None) -> bool:
    """Say whether a password belongs to a hash.

    Without a hash (there is no such user) the work is done all the same, so that
    the time of the answer does not tell which names exist.
    """
    if password_hash is None:
        _verify(password, _nobodys_hash())
        return False
    if hashes.is_legacy(password_hash):
        return hashes.verify(password, password_hash)
    return _verify(password, password_hash)


def is_outdated(password_hash: str) -> bool:
    """Say whether a hash was made in another way, or with another cost, than today."""
    return hashes.is_legacy(password_hash) or _hasher.check_needs_rehash(password_hash)


def _verify(password: str, password_hash: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("")
