"""Who is signed in, and what to tell them once: two signed cookies, no state here.

Any replica answers any request, and a redeploy signs nobody out. Several keys may
be valid at once, so that a key can be replaced without signing anybody out.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import falcon
from itsdangerous import BadData, URLSafeTimedSerializer

from minitwit.models import Account

_SESSION = "session"
_FLASH = "flash"

_FLASH_SECONDS = 60
_DAY = 24 * 60 * 60  # seconds

# Browsers keep at least 4096 bytes a cookie with its name and attributes (RFC 6265,
# section 6.1). Typed text that does not fit is not kept.
_MAX_COOKIE = 3800


@dataclass(frozen=True)
class Flash:
    """One sentence for the next page, and what was typed into a refused form."""

    text: str
    is_error: bool = False
    form: dict[str, str] = field(default_factory=dict)


class Sessions:
    """Reads and writes the cookies.

    Args:
        keys: that sign, oldest first; the last signs, all are accepted.
        days: until a session ends.

    """

    def __init__(self, keys: Sequence[str], days: int) -> None:
        self._session = _serializer(keys, _SESSION)
        self._flash = _serializer(keys, _FLASH)
        self._seconds = days * _DAY

    def account(self, req: falcon.Request) -> Account | None:
        """Return who sent the request, if somebody is signed in."""
        value = _load(self._session, req.cookies.get(_SESSION), self._seconds)
        return Account(value[0], value[1]) if isinstance(value, list) else None

    def sign_in(
        self, req: falcon.Request, resp: falcon.Response, account: Account
    ) -> None:
        """Make the browser remember an account."""
        value = _dump(self._session, [account.id, account.username])
        _set_cookie(req, resp, _SESSION, value, self._seconds)

    def sign_out(self, resp: falcon.Response) -> None:
        """Make the browser forget the account."""
        resp.unset_cookie(_SESSION, path="/", same_site="Lax")

    def flash(self, req: falcon.Request, resp: falcon.Response, flash: Flash) -> None:
        """Leave something for the next page."""
        value = _dump(self._flash, [flash.text, flash.is_error, flash.form])
        if len(value) > _MAX_COOKIE:
            value = _dump(self._flash, [flash.text, flash.is_error, {}])
        _set_cookie(req, resp, _FLASH, value, _FLASH_SECONDS)

    def take_flash(self, req: falcon.Request, resp: falcon.Response) -> Flash | None:
        """Return what was left for this page, and forget it."""
        cookie = req.cookies.get(_FLASH)
        if cookie is None:
            return None
        resp.unset_cookie(_FLASH, path="/", same_site="Lax")
        value = _load(self._flash, cookie, _FLASH_SECONDS)
        return Flash(*value) if isinstance(value, list) else None


def _serializer(keys: Sequence[str], purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        list(keys),
        # The salt keeps one cookie from being used as the other.
        salt=purpose,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )


def _dump(serializer: URLSafeTimedSerializer, value: object) -> str:
    return str(serializer.dumps(value))


def _load(
    serializer: URLSafeTimedSerializer, cookie: str | None, max_age: int
) -> object:
    if cookie is None:
        return None
    try:
        return serializer.loads(cookie, max_age=max_age)
    except BadData:
        return None


def _set_cookie(
    req: falcon.Request, resp: falcon.Response, name: str, value: str, max_age: int
) -> None:
    resp.set_cookie(
        name,
        value,
        max_age=max_age,
        path="/",
        secure=req.forwarded_scheme == "https",
        http_only=True,
        same_site="Lax",
    )
