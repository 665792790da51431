"""Signed cookies: a browser's session, flash messages, drafts, and whom it knows.

Any replica reads them, and a deployment signs no user out. Several keys may be valid at
once, so that a key can be rotated without ending a session.
"""

import dataclasses
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import falcon
from itsdangerous import BadData, URLSafeTimedSerializer

from minitwit.accounts.sessions import SessionClaim
from minitwit.accounts.sign_in_throttle import KnownBrowser
from minitwit.models import Account
from minitwit.web.cookies import cookie_values, delete_cookie, set_cookie

_SESSION = "session"
_FLASH = "flash"
_DRAFT = "draft"
_BROWSER = "browser"

_FLASH_SECONDS = 60
_DRAFT_SECONDS = 60 * 60
_BROWSER_DAYS = 400  # as long as browsers keep a cookie (RFC 6265bis, 5.5)
_DAY = 24 * 60 * 60  # seconds

# The clock of the replica that signed a cookie may be ahead by so much (seconds).
_CLOCK_SKEW = 60

# Browsers keep at least 4096 bytes a cookie with its name and attributes (RFC 6265,
# section 6.1). Typed text that does not fit is not kept.
_MAX_COOKIE = 3800


@dataclass(frozen=True)
class Flash:
    """A message for the next page, and what was typed into a refused form.

    Attributes:
        text: of the message.
        is_error: whether it says why a form was refused.
        form: what was typed, by the names of the fields.
        field: the name of the field that was refused, if it was one.

    """

    text: str
    is_error: bool = False
    form: dict[str, str] = dataclasses.field(default_factory=dict)
    field: str | None = None


class SignedCookies:
    """Reads and writes the signed cookies.

    Args:
        keys: oldest first; the last one signs, all of them verify.
        days: how long a session lasts without use.

    """

    def __init__(self, keys: Sequence[str], days: int) -> None:
        self._session = _serializer(keys, _SESSION)
        self._flash = _serializer(keys, _FLASH)
        self._draft = _serializer(keys, _DRAFT)
        self._browser = _serializer(keys, _BROWSER)
        self.session_days = days

    def session(self, req: falcon.Request) -> SessionClaim | None:
        """Return the session that a request claims, or None."""
        max_age = self.session_days * _DAY
        value, signed_at = _read(req, self._session, _SESSION, max_age)
        if not isinstance(value, list):
            return None
        user_id, username, *session_id = value
        return SessionClaim(
            user_id, username, UUID(session_id[0]) if session_id else None, signed_at
        )

    def set_session(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        account: Account,
        session_id: UUID,
    ) -> None:
        """Let the browser claim a session.

        The id and the name of the account come first, as in the cookies of releases
        without a table of sessions: during a rolling update these read the new ones.
        """
        value = _dump(self._session, [account.id, account.username, str(session_id)])
        set_cookie(req, resp, _SESSION, value, self.session_days * _DAY)

    def delete_session(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Delete the session's cookie."""
        delete_cookie(req, resp, _SESSION)

    def known_browser(self, req: falcon.Request) -> KnownBrowser:
        """Return the browser and the accounts that have signed in with it."""
        value, _ = _read(req, self._browser, _BROWSER, _BROWSER_DAYS * _DAY)
        if not isinstance(value, list):
            return KnownBrowser.new()
        browser_id, *accounts = value
        return KnownBrowser(browser_id, tuple(accounts))

    def remember_browser(
        self, req: falcon.Request, resp: falcon.Response, account: Account
    ) -> None:
        """Let the browser show, also when signed out, that an account has used it."""
        known = self.known_browser(req).signed_in(account.username)
        value = _dump(self._browser, [known.id, *known.accounts])
        set_cookie(req, resp, _BROWSER, value, _BROWSER_DAYS * _DAY)

    def flash(self, req: falcon.Request, resp: falcon.Response, flash: Flash) -> None:
        """Leave a message for the next page."""
        # The refused field stands for `is_error`: releases that know no field read it
        # as true, and during a rolling update they show these flashes.
        error = flash.field or flash.is_error
        value = _dump(self._flash, [flash.text, error, flash.form])
        if len(value) > _MAX_COOKIE:
            value = _dump(self._flash, [flash.text, error, {}])
        set_cookie(req, resp, _FLASH, value, _FLASH_SECONDS)

    def take_flash(self, req: falcon.Request, resp: falcon.Response) -> Flash | None:
        """Return the message for this page, and delete it."""
        if not cookie_values(req, _FLASH):
            return None
        delete_cookie(req, resp, _FLASH)
        value, _ = _read(req, self._flash, _FLASH, _FLASH_SECONDS)
        if not isinstance(value, list):
            return None
        text, error, form = value
        return Flash(text, bool(error), form, error if isinstance(error, str) else None)

    def keep_draft(self, req: falcon.Request, resp: falcon.Response, text: str) -> None:
        """Keep the text of a message until its author has signed in.

        The session that has ended says who that is; without one, anybody may be.
        """
        claim = self.session(req)
        value = _dump(self._draft, [claim.user_id if claim else None, text])
        if len(value) <= _MAX_COOKIE:
            set_cookie(req, resp, _DRAFT, value, _DRAFT_SECONDS)

    def take_draft(
        self, req: falcon.Request, resp: falcon.Response, user_id: int
    ) -> str:
        """Return the text that was kept for an account, or "", and delete it."""
        if not cookie_values(req, _DRAFT):
            return ""
        delete_cookie(req, resp, _DRAFT)
        value, _ = _read(req, self._draft, _DRAFT, _DRAFT_SECONDS)
        # Releases without a table of sessions kept the text alone.
        author_id, text = value if isinstance(value, list) else (None, value)
        return str(text or "") if author_id in (None, user_id) else ""

    def delete_draft(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Delete the text that was kept."""
        delete_cookie(req, resp, _DRAFT)


def _serializer(keys: Sequence[str], purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        list(keys),
        # The salt keeps a cookie of one purpose from being accepted for another.
        salt=purpose,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )


def _dump(serializer: URLSafeTimedSerializer, value: object) -> str:
    return str(serializer.dumps(value))


def _read(
    req: falcon.Request, serializer: URLSafeTimedSerializer, name: str, max_age: int
) -> tuple[object, float]:
    """Return what the first valid cookie of a name holds, or None, and its time."""
    for cookie in cookie_values(req, name):
        try:
            value, signed_at = serializer.loads(cookie, return_timestamp=True)
        except BadData:
            continue
        signed = signed_at.timestamp()
        if -_CLOCK_SKEW <= time.time() - signed <= max_age:
            return value, signed
    return None, 0.0
