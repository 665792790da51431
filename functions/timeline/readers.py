"""Who reads a page, and what this allows them to see."""

from dataclasses import dataclass

import falcon

from minitwit.models import Account
from minitwit.runtime.sessions import Sessions
from minitwit.users import Users


@dataclass(frozen=True)
class Reader:
    """Somebody in front of a page; without an account just anybody."""

    account: Account | None
    is_moderator: bool = False


class Readers:
    """Tells who reads.

    Args:
        sessions: say who is signed in.
        users: say who is a moderator. A cookie could not: it would outlive the right.

    """

    def __init__(self, sessions: Sessions, users: Users) -> None:
        self._sessions = sessions
        self._users = users

    def of(self, req: falcon.Request) -> Reader:
        """Return who sent the request."""
        account = self._sessions.account(req)
        if account is None:
            return Reader(None)
        return Reader(account, self._users.is_moderator(account.id))
