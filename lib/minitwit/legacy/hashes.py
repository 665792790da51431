"""Password hashes as werkzeug wrote them: `method$salt$hex`, by the standard library.

`pbkdf2:sha256:N` and `scrypt:N:r:p` are what it writes today; before its version 0.10
it wrote `sha1` or `md5`: an HMAC whose key is the salt, or without a salt the digest.
The salt is used as its text, never decoded.
"""

import hashlib
import hmac
import re

_FORM = re.compile(
    r"(?:pbkdf2:(?P<digest>\w+):(?P<rounds>\d{1,8})"
    r"|scrypt:(?P<n>\d{1,8}):(?P<r>\d{1,3}):(?P<p>\d{1,3})"
    r"|(?P<keyed>md5|sha1|sha224|sha256|sha384|sha512))"
    r"\$(?P<salt>[^$]*)\$(?P<hash>[0-9a-f]+)"
)


def is_legacy(password_hash: str) -> bool:
    """Say whether a hash has one of werkzeug's forms."""
    return _FORM.fullmatch(password_hash) is not None


def verify(password: str, password_hash: str) -> bool:
    """Say whether a password belongs to a hash of one of werkzeug's forms."""
    form = _FORM.fullmatch(password_hash)
    if form is None:
        return False
    try:
        digest = _digest(form, password.encode())
    except ValueError:  # An unknown digest, or a cost that scrypt does not take.
        return False
    return hmac.compare_digest(digest.hex(), form["hash"])


def _digest(form: re.Match[str], password: bytes) -> bytes:
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
