"""Hashing of passwords with argon2id.

The cost is OWASP's (19 MiB, two passes, one lane), a fifth of scrypt's at werkzeug's
default. libsodium, which has code for what the processor can do, takes 20 ms for it.
https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html

Only `register` hashes, so libsodium is loaded when it does: it takes a MB.

The hashes of an imported MiniTwit are accepted as well, and outdated: whoever signs
in with one gets a new one.
"""

from functools import cache
from typing import NamedTuple

from minitwit.hub import in_thread
from minitwit.legacy import hashes


class _Cost(NamedTuple):
    passes: int
    memory: int  # bytes

    @property
    def prefix(self) -> str:
        """Return how the hashes of this cost begin."""
        return f"$argon2id$v=19$m={self.memory // 1024},t={self.passes},p=1$"


_cost = _Cost(passes=2, memory=19 * 1024 * 1024)

# What an account holds that no password opens, as in Unix's shadow file.
LOCKED = "!"


def hash_password(password: str) -> str:
    """Return a new salted hash of a password."""
    return in_thread(lambda: _hash(password))


def matches(password: str, password_hash: str | None) -> bool:
    """Say whether a password belongs to a hash.

    Without a hash (there is no such user) the work is done all the same, so that
    the time of the answer does not tell which names exist.
    """
    if password_hash is None:
        _verify(password, _nobodys_hash())
        return False
    if hashes.is_legacy(password_hash):
        return in_thread(lambda: hashes.verify(password, password_hash))
    return _verify(password, password_hash)


def is_outdated(password_hash: str) -> bool:
    """Say whether a hash was made in another way, or with another cost, than today."""
    return hashes.is_legacy(password_hash) or not password_hash.startswith(_cost.prefix)


def _hash(password: str) -> str:
    from nacl.pwhash import argon2id

    made = argon2id.str(password.encode(), opslimit=_cost.passes, memlimit=_cost.memory)
    return made.decode()


def _verify(password: str, password_hash: str) -> bool:
    from nacl.exceptions import CryptoError
    from nacl.pwhash import argon2id

    stored, sent = password_hash.encode(), password.encode()
    try:
        return in_thread(lambda: argon2id.verify(stored, sent))
    except CryptoError:
        return False


@cache
def _nobodys_hash() -> str:
    return _hash("")
