"""The store: everything that outlives a request."""

from dataclasses import dataclass
from typing import Self

from minitwit.db import Database
from minitwit.follows import Follows
from minitwit.latest import LatestMark
from minitwit.messages import Messages
from minitwit.replica import ReplicatedDatabase
from minitwit.schema import Schema
from minitwit.users import Users


@dataclass(frozen=True)
class Store:
    """What a handler may ask for; tests put fakes in their places."""

    users: Users
    follows: Follows
    messages: Messages
    latest: LatestMark
    schema: Schema

    @classmethod
    def on(
        cls, database: Database, lists: Database | ReplicatedDatabase | None = None
    ) -> Self:
        """Return the store that lives in a database.

        Args:
            database: the primary.
            lists: where messages are read and written, by default the primary.

        """
        return cls(
            Users(database),
            Follows(database),
            Messages(lists or database),
            LatestMark(database),
            Schema(database),
        )
