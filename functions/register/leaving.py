"""What people take along, and how they leave: export and deletion of an account."""

import falcon
import orjson

from minitwit.accounts.deletion import Deletions
from minitwit.accounts.export import Exports, Place
from minitwit.web.browser_auth import BrowserAuth
from minitwit.web.browser_responses import BrowserResponses
from minitwit.web.password_auth import PasswordAuth
from minitwit.web.security_log import SecurityEvent, record

_ACCOUNT = "/account"
_EXPORT = "/account/export"
_IS_CLOSED = "Your account is closed, and the rest of its messages is being deleted"


class Export:
    """Everything about the signed-in account, as a download."""

    def __init__(self, exports: Exports, browser: BrowserResponses) -> None:
        self._exports = exports
        self._browser = browser

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send a document; a long one names the next in `next`."""
        account = self._browser.account(req, _ACCOUNT)
        start = Place.parse(req.get_param("from") or "")
        fields, following = self._exports.document(account.id, start)
        path = f"{_EXPORT}?from={following}" if following else None
        fields["next"] = orjson.dumps(path)
        lines = (b'"%b": %b' % (name.encode(), json) for name, json in fields.items())
        resp.data = b"{\n%b\n}\n" % b",\n".join(lines)
        resp.content_type = falcon.MEDIA_JSON
        resp.cache_control = ["no-store"]
        if req.method != "HEAD":
            record(SecurityEvent.EXPORTED, req, account)
        resp.downloadable_as = "minitwit-account.json"


class AccountDeletion:
    """The form on the account's page that deletes it."""

    def __init__(
        self,
        deletions: Deletions,
        passwords: PasswordAuth,
        auth: BrowserAuth,
        browser: BrowserResponses,
    ) -> None:
        self._deletions = deletions
        self._passwords = passwords
        self._auth = auth
        self._browser = browser

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Delete the account; what takes longer is deleted after the answer."""
        account = self._browser.account(req, _ACCOUNT)
        with self._browser.form_at(req, resp, _ACCOUNT):
            self._passwords.confirm(req, account)
            is_gone = self._deletions.delete(account)
            record(SecurityEvent.DELETED, req, account)
            self._auth.sign_out(req, resp)
            text = "Your account was deleted" if is_gone else _IS_CLOSED
            self._browser.redirect(req, resp, "/public", text)
