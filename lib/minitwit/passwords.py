"""Password hashing with argon2id; verifies werkzeug's older hashes as well.

The cost is OWASP's (19 MiB, two passes, one lane), a fifth of scrypt's at werkzeug's
default. libsodium, which uses the processor's vector instructions, takes 20 ms for it.
https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html

Hashing blocks its thread: a server runs these functions in a thread of their own.
Only `register` hashes, so libsodium is imported on first use; it takes a MB.
"""

import hashlib
import hmac
import re
from functools import cache
from typing import NamedTuple


class _Cost(NamedTuple):
    passes: int
    memory: int  # bytes

    @property
    def prefix(self) -> str:
        """Return how the hashes of this cost begin."""
        return f"$argon2id$v=19$m={self.memory // 1024},t={self.passes},p=1$"


_cost = _Cost(passes=2, memory=19 * 1024 * 1024)

# No password matches this hash, as in Unix's shadow file.
LOCKED = "!"

# `method$salt$hex`, as werkzeug writes it. `pbkdf2:sha256:N` and `scrypt:N:r:p` are
# today's; before version 0.10 it wrote `sha1` or `md5`: an HMAC whose key is the salt,
# or without a salt the digest. The salt is used as its text, never decoded.
_WERKZEUG = re.compile(
    r"(?:pbkdf2:(?P<digest>\w+):(?P<rounds>\d{1,8})"
    r"|scrypt:(?P<n>\d{1,8}):(?P<r>\d{1,3}):(?P<p>\d{1,3})"
    r"|(?P<keyed>md5|sha1|sha224|sha256|sha384|sha512))"
    r"\$(?P<salt>[^$]*)\$(?P<hash>[0-9a-f]+)"
)


def hash_password(password: str) -> str:
    """Return a new salted hash of a password."""
    from nacl.pwhash import argon2id

    made = argon2id.str(password.encode(), opslimit=_cost.passes, memlimit=_cost.memory)
    return made.decode()


def matches(password: str, password_hash: str | None) -> bool:
    """Return whether a password belongs to a hash.

    Without a hash (no such user) one is verified all the same, so that the response
    time does not reveal which usernames exist.
    """
    if password_hash is None:
        _verify_argon2(password, _dummy_hash())
        return False
    if form := _WERKZEUG.fullmatch(password_hash):
        return _verify_werkzeug(password, form)
    return _verify_argon2(password, password_hash)


def is_outdated(password_hash: str) -> bool:
    """Return whether a hash differs from today's in algorithm or cost."""
    return not password_hash.startswith(_cost.prefix)


def is_supported(password_hash: str) -> bool:
    """Return whether a hash has a format that `matches` can verify."""
    return password_hash.startswith("$argon2id$") or bool(
        _WERKZEUG.fullmatch(password_hash)
    )


def _verify_argon2(password: str, password_hash: str) -> bool:
    from nacl.exceptions import CryptoError
    from nacl.pwhash import argon2id

    try:
        return argon2id.verify(password_hash.encode(), password.encode())
    except CryptoError:
        return False


def _verify_werkzeug(password: str, form: re.Match[str]) -> bool:
    try:
        digest = _werkzeug_digest(form, password.encode())
    except ValueError:  # An unknown digest, or a cost that scrypt does not take.
        return False
    return hmac.compare_digest(digest.hex(), form["hash"])


def _werkzeug_digest(form: re.Match[str], password: bytes) -> bytes:
    salt = form["salt"].encode()
    if form["digest"]:
        return hashlib.pbkdf2_hmac(form["digest"], password, salt, int(form["rounds"]))
    if form["n"]:
        n, r, p = int(form["n"]), int(form["r"]), int(form["p"])
        memory = 132 * n * r * p  # A little more than the 128 of the definition.
        return hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=memory)
    if salt:
        return hmac.digest(salt, password, form["keyed"])
    return hashlib.new(form["keyed"], password).digest()


@cache
def _dummy_hash() -> str:
    return hash_password("")
