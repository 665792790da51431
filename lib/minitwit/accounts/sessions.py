"""Sessions of signed-in users, which the database knows and so can end at once."""

from dataclasses import dataclass
from uuid import UUID

from minitwit.errors import InvalidPassword, InvalidUsername
from minitwit.models import Account, Reader, VerifiedAccount
from minitwit.postgres.database import Database

# A busy reader follows more users than this.
BUSY_READER_FOLLOWS = 300

MAX_COUNTED_REPORTS = 99  # messages with open reports; a moderator sees "99+" for more
MAX_COUNTED_MENTIONS = 100  # that are counted; so many stand for more than 99
MAX_SESSIONS = 100  # of an account; one more ends the one unused for longest
MAX_DAYS = 365  # for which a session in use is extended
_LONGEST_USER_AGENT = 400  # characters


@dataclass(frozen=True, slots=True)
class SessionClaim:
    """What a signed cookie claims; only the database knows whether it still holds.

    Args:
        user_id: of the account.
        username: of the account when the cookie was signed.
        id: of the session; None in cookies of releases that had none.
        signed_at: when the cookie was signed, in Unix seconds.

    """

    user_id: int
    username: str
    id: UUID | None
    signed_at: float


@dataclass(frozen=True, slots=True)
class Session:
    """A session as its account sees it.

    Args:
        id: of the session.
        user_agent: of the browser that started it.
        started_at: in Unix seconds.
        last_used_at: in Unix seconds, up to an hour before the last page.

    """

    id: UUID
    user_agent: str
    started_at: int
    last_used_at: int


class Sessions:
    """The sessions of all accounts.

    Args:
        database: where they are stored; a standby would know too late of their end.

    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, verified: VerifiedAccount, user_agent: str, days: int) -> UUID:
        """Start a session after a sign-in.

        Args:
            verified: the account that has signed in.
            user_agent: of the browser, shown in the list of sessions.
            days: after so many days without use a session has ended.

        Raises:
            InvalidPassword: the password has just been changed, or the account
                suspended or deleted.

        """
        rows = self._database.write(
            "start_session",
            user_id=verified.account.id,
            password_hash=verified.password_hash,
            user_agent=user_agent[:_LONGEST_USER_AGENT],
            days=days,
            limit=MAX_SESSIONS - 1,
        )
        if not rows:
            raise InvalidPassword(verified.account.id)
        return UUID(str(rows[0][0]))

    def move(self, user_id: int, user_agent: str, days: int) -> UUID:
        """Start a session for an account that has signed in to an earlier release.

        Args:
            user_id: of the account.
            user_agent: of the browser, shown in the list of sessions.
            days: after so many days without use a session has ended.

        Raises:
            InvalidUsername: the account has just been deleted.

        """
        rows = self._database.write(
            "move_session",
            user_id=user_id,
            user_agent=user_agent[:_LONGEST_USER_AGENT],
            days=days,
            limit=MAX_SESSIONS - 1,
        )
        if not rows:
            raise InvalidUsername
        return UUID(str(rows[0][0]))

    def account(self, claim: SessionClaim) -> Account | None:
        """Return the account of a session, or None if it has ended."""
        if claim.id is None:
            rows = self._database.read(
                "account_signed_in_at",
                user_id=claim.user_id,
                signed_at=claim.signed_at,
            )
        else:
            rows = self._database.read(
                "session_account", id=claim.id, user_id=claim.user_id
            )
        return Account(*rows[0]) if rows else None

    def reader(self, claim: SessionClaim) -> Reader | None:
        """Return the account of a session with its rights and hints for its pages.

        Returns:
            None if the session has ended, or if the cookie names none.

        """
        rows = self._database.read(
            "reader",
            id=claim.id,
            user_id=claim.user_id,
            many=BUSY_READER_FOLLOWS,
            many_reports=MAX_COUNTED_REPORTS,
            most_mentions=MAX_COUNTED_MENTIONS,
        )
        if not rows:
            return None
        user_id, username, *hints = rows[0]
        return Reader(Account(user_id, username), *hints)

    def use(self, claim: SessionClaim) -> bool:
        """Note that a session is in use; return whether it may be extended."""
        rows = self._database.write(
            "use_session", id=claim.id, user_id=claim.user_id, days=MAX_DAYS
        )
        return bool(rows)

    def end(self, claim: SessionClaim) -> None:
        """End a session, wherever its cookie was copied to."""
        self._database.write("end_session", id=claim.id, user_id=claim.user_id)

    def end_all(self, user_id: int) -> None:
        """End all sessions of an account, wherever their cookies were copied to."""
        self._database.write("end_all_sessions", user_id=user_id)

    def all_of(self, user_id: int, days: int) -> list[Session]:
        """Return an account's sessions, the one used last first.

        Args:
            user_id: of the account.
            days: after so many days without use a session has ended.

        """
        rows = self._database.read(
            "list_sessions", user_id=user_id, days=days, limit=MAX_SESSIONS
        )
        return [Session(UUID(str(row[0])), *row[1:]) for row in rows]
