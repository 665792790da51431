"""The store: the persistent state, one attribute for each kind."""

from dataclasses import dataclass
from typing import Self

from minitwit.accounts.deletion import Deletions
from minitwit.accounts.export import Exports
from minitwit.accounts.password_resets import PasswordResets
from minitwit.accounts.passwords import RunInThread, run_here
from minitwit.accounts.sessions import Sessions
from minitwit.discovery.mentions import Mentions
from minitwit.discovery.people import People
from minitwit.discovery.profiles import Profiles
from minitwit.follows import Follows
from minitwit.latest import ProgressMark
from minitwit.messages import Messages
from minitwit.moderation.moderation import Moderation
from minitwit.moderation.reports import Reports
from minitwit.moderation.suspensions import Suspensions
from minitwit.postgres.database import Database
from minitwit.postgres.standby import ReplicatedDatabase
from minitwit.schema import Schema
from minitwit.users import Users


@dataclass(frozen=True)
class Store:
    """What handlers read and write; unit tests replace it by fakes in memory."""

    users: Users
    sessions: Sessions
    password_resets: PasswordResets
    deletions: Deletions
    exports: Exports
    follows: Follows
    messages: Messages
    moderation: Moderation
    reports: Reports
    suspensions: Suspensions
    mentions: Mentions
    people: People
    profiles: Profiles
    latest: ProgressMark
    schema: Schema

    @classmethod
    def on(
        cls,
        database: Database,
        messages_database: Database | ReplicatedDatabase | None = None,
        run_in_thread: RunInThread = run_here,
    ) -> Self:
        """Return the store in a database.

        Args:
            database: the primary.
            messages_database: where messages and profiles are read, and messages are
                written; by default the primary.
            run_in_thread: runs blocking work, such as hashing a password.

        """
        return cls(
            Users(database, run_in_thread),
            Sessions(database),
            PasswordResets(database, run_in_thread),
            Deletions(database),
            Exports(database),
            Follows(database),
            Messages(messages_database or database),
            Moderation(database),
            Reports(database),
            Suspensions(database),
            Mentions(messages_database or database),
            People(database),
            Profiles(messages_database or database),
            ProgressMark(database),
            Schema(database),
        )
