"""Finds the reader of a page: the account signed in, with its current rights."""

import falcon

from minitwit.models import Reader
from minitwit.users import Users
from minitwit.web.sessions import Sessions


class Readers:
    """Identifies the reader of a request.

    Args:
        sessions: of signed-in users.
        users: for the reader's current rights; a cookie would keep rights that were
            revoked.

    """

    def __init__(self, sessions: Sessions, users: Users) -> None:
        self._sessions = sessions
        self._users = users

    def of(self, req: falcon.Request) -> Reader:
        """Return the reader who sent the request."""
        account = self._sessions.account(req)
        return self._users.reader(account) if account else Reader(None)
