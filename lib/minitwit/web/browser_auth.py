"""Authentication of browsers: a signed cookie names a session of the database."""

import time

import falcon

from minitwit.accounts.sessions import SessionClaim, Sessions
from minitwit.models import Account, Reader, VerifiedAccount
from minitwit.web.security_log import SecurityEvent, record
from minitwit.web.signed_cookies import SignedCookies

# A session in use gets a fresh cookie this often, so that its expiry slides (seconds).
_REFRESH_AFTER = 60 * 60


class BrowserAuth:
    """Signs browsers in and out, and tells who sends a request.

    Args:
        cookies: the signed cookies.
        sessions: that the database knows.

    """

    def __init__(self, cookies: SignedCookies, sessions: Sessions) -> None:
        self._cookies = cookies
        self._sessions = sessions

    def account(self, req: falcon.Request) -> Account | None:
        """Return the account that is signed in, or None."""
        claim = self._cookies.session(req)
        return self._sessions.account(claim) if claim else None

    def reader(self, req: falcon.Request, resp: falcon.Response) -> Reader:
        """Return the reader of a page, with its current rights; extend its session."""
        claim = self._cookies.session(req)
        if claim is None:
            return Reader(None)
        if claim.id is None:
            if req.method == "HEAD":
                # The response sets no cookie, so each HEAD would start a session.
                return Reader(self._sessions.account(claim))
            claim = self._move_over(req, resp, claim)
        reader = self._sessions.reader(claim) if claim else None
        if claim is None or reader is None:
            self._cookies.delete_session(req, resp)
            return Reader(None)
        is_old = time.time() - claim.signed_at > _REFRESH_AFTER
        if is_old and req.method != "HEAD":
            self._refresh(req, resp, claim, reader)
        return reader

    def sign_in(
        self, req: falcon.Request, resp: falcon.Response, verified: VerifiedAccount
    ) -> None:
        """Start a session; a session that the browser had before ends.

        Raises:
            InvalidPassword: the password has just been changed.

        """
        account, days = verified.account, self._cookies.session_days
        if claim := self._cookies.session(req):
            self._sessions.end(claim)
        session_id = self._sessions.start(verified, req.user_agent or "", days)
        self._cookies.set_session(req, resp, account, session_id)
        self._cookies.remember_browser(req, resp, account)
        record(SecurityEvent.SIGNED_IN, req, account)

    def sign_out(self, req: falcon.Request, resp: falcon.Response) -> None:
        """End the session, and forget the draft."""
        if claim := self._cookies.session(req):
            self._sessions.end(claim)
            account = Account(claim.user_id, claim.username)
            record(SecurityEvent.SIGNED_OUT, req, account)
        self._cookies.delete_session(req, resp)
        self._cookies.delete_draft(req, resp)

    def _move_over(
        self, req: falcon.Request, resp: falcon.Response, claim: SessionClaim
    ) -> SessionClaim | None:
        """Start a session for a cookie of a release that had no table of sessions."""
        account = self._sessions.account(claim)
        if account is None:
            return None
        session_id = self._sessions.move(
            account.id, req.user_agent or "", self._cookies.session_days
        )
        self._cookies.set_session(req, resp, account, session_id)
        return SessionClaim(account.id, account.username, session_id, time.time())

    def _refresh(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        claim: SessionClaim,
        reader: Reader,
    ) -> None:
        assert claim.id is not None and reader.account is not None  # noqa: S101
        if self._sessions.use(claim):
            self._cookies.set_session(req, resp, reader.account, claim.id)
