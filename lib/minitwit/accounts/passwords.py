"""Password hashing with argon2id; verifies werkzeug's older hashes as well.

The cost is OWASP's recommendation (19 MiB, two passes, one lane), 20 ms with libsodium;
scrypt at werkzeug's default takes five times as long.
https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html

Hashing blocks its thread: a server calls these functions in a thread pool. Only
`register` hashes, so libsodium, which takes 1 MB, is imported on first use.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple, Protocol, TypeVar

T = TypeVar("T")


class RunInThread(Protocol):
    """Runs blocking work in another thread."""

    def __call__(self, work: Callable[[], T]) -> T:
        """Return what the work returns, or raise what it raises."""


def run_here(work: Callable[[], T]) -> T:
    """Run blocking work in the caller's own thread."""
    return work()


class _Cost(NamedTuple):
    passes: int
    memory: int  # bytes

    @property
    def prefix(self) -> str:
        """Return the prefix of hashes of this cost."""
        return f"$argon2id$v=19$m={self.memory // 1024},t={self.passes},p=1$"


_cost = _Cost(passes=2, memory=19 * 1024 * 1024)

# No password matches this hash, as in Unix's shadow file.
LOCKED = "!"

# werkzeug's format is `method$salt$hex`, with the method `pbkdf2:sha256:N` or
# `scrypt:N:r:p`. Before version 0.10 it was a digest such as `sha1` or `md5`: an HMAC
# keyed with the salt, or the plain digest without one. The salt is used as its text.
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

    Without a hash (no such user) a dummy is verified, so that the response time does
    not reveal which usernames exist.
    """
    if password_hash is None:
        _verify_argon2(password, _dummy_hash())
        return False
    if form := _WERKZEUG.fullmatch(password_hash):
        return _verify_werkzeug(password, form)
    return _verify_argon2(password, password_hash)


def is_outdated(password_hash: str) -> bool:
    """Return whether a hash has another algorithm or cost than new ones."""
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
    except ValueError:  # An unknown digest, or a cost that scrypt refuses.
        return False
    return hmac.compare_digest(digest.hex(), form["hash"])


def _werkzeug_digest(form: re.Match[str], password: bytes) -> bytes:
    salt = form["salt"].encode()
    if form["digest"]:
        return hashlib.pbkdf2_hmac(form["digest"], password, salt, int(form["rounds"]))
    if form["n"]:
        n, r, p = int(form["n"]), int(form["r"]), int(form["p"])
        memory = 132 * n * r * p  # Scrypt needs 128, and OpenSSL a little more.
        return hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=memory)
    if salt:
        return hmac.digest(salt, password, form["keyed"])
    return hashlib.new(form["keyed"], password).digest()


@cache
def _dummy_hash() -> str:
    return hash_password("")
