"""Who reads a page, and what their pages depend on."""

import falcon

from minitwit.models import Reader
from minitwit.users import Users
from minitwit.web.sessions import Sessions


class Readers:
    """Tells who reads.

    Args:
        sessions: say who is signed in.
        users: say what readers may see. A cookie could not: it would outlive the right.

    """

    def __init__(self, sessions: Sessions, users: Users) -> None:
        self._sessions = sessions
        self._users = users

    def of(self, req: falcon.Request) -> Reader:
        """Return who sent the request."""
        account = self._sessions.account(req)
        return self._users.reader(account) if account else Reader(None)
