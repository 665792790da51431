"""Messages: posting, and the timelines."""

from hashlib import blake2b
from operator import attrgetter
from uuid import UUID

from minitwit.discovery.recent_timelines import RecentTimelines
from minitwit.errors import (
    AccountSuspended,
    MiniTwitError,
    NotAuthor,
    UnknownMessage,
    UnknownUser,
)
from minitwit.models import Cursor, Post, Reader
from minitwit.postgres.database import Database
from minitwit.postgres.standby import ReplicatedDatabase
from minitwit.text.links import Candidate, mention_candidates

PAGE_SIZE = 30  # messages on a page
AND_ONE_MORE = PAGE_SIZE + 1  # in a list, which so shows whether another page follows
MAX_HIDDEN = 1000  # the most hidden messages of an author that are counted
MAX_NEWER = 1000  # the most newer messages that a count examines

# Every message is older than this cursor: the newest page begins here.
NEWEST = Cursor(pub_date=2**63 - 1, id=2**63 - 1)

# The same lists in the other direction.
_NEWER = {
    "public_timeline": "public_timeline_after",
    "user_timeline": "user_timeline_after",
    "own_timeline": "own_timeline_after",
    "busy_timeline": "busy_timeline_after",
    "hidden_public_timeline": "hidden_public_timeline_after",
    "hidden_user_timeline": "hidden_user_timeline_after",
    "hidden_own_timeline": "hidden_own_timeline_after",
}


class Messages:
    """All messages; a flagged message is hidden.

    Args:
        database: where they are stored; reads may go to a standby.

    """

    def __init__(self, database: Database | ReplicatedDatabase) -> None:
        self._database = database
        self._recent = RecentTimelines(database, AND_ONE_MORE)

    def add(self, username: str, content: str, latest: int | None = None) -> None:
        """Post a message of a user.

        Args:
            username: name of its author.
            content: text of the message.
            latest: the simulator's progress mark, set by the same statement.

        Raises:
            UnknownUser: the user does not exist.
            AccountSuspended: a moderator has suspended the user.

        """
        if "\x00" in username:
            raise UnknownUser
        if "@" in content and (candidates := mention_candidates(content)):
            self._add_with_mentions(candidates, username, content, latest=latest)
            return
        [[added, _]] = self._database.write(
            "add_message", username=username, content=content, latest=latest
        )
        if added is None:
            raise self._unposted(username)

    def add_once(self, username: str, content: str, form_token: str) -> None:
        """Post a message of a form; sending the same form again changes nothing.

        Args:
            username: name of its author.
            content: text of the message.
            form_token: random token of the form. With another content it is another
                message: a reader may go back in the browser and change the text.

        Raises:
            UnknownUser: the user does not exist.
            AccountSuspended: a moderator has suspended the user.

        """
        if "\x00" in username:
            raise UnknownUser
        sent = f"{form_token}\0{username}\0{content}".encode()
        form_key = UUID(bytes=blake2b(sent, digest_size=16).digest())
        if candidates := mention_candidates(content):
            self._add_with_mentions(candidates, username, content, form_key=form_key)
        elif not self._database.write(
            "add_message_once", username=username, content=content, form_key=form_key
        ):
            raise self._unposted(username)

    def recent_json(self, limit: int) -> str:
        """Return the newest messages of all users as the API's JSON."""
        return str(self._database.read("recent_messages", limit=limit)[0][0])

    def recent_json_of(self, username: str, limit: int) -> str:
        """Return a user's newest messages as the API's JSON.

        Raises:
            UnknownUser: the user does not exist.

        """
        if "\x00" in username:
            raise UnknownUser
        rows = self._database.read("recent_messages_of", username=username, limit=limit)
        if not rows:
            raise UnknownUser
        return str(rows[0][0])

    def public_timeline(
        self, start: Cursor | None = None, with_hidden: bool = False
    ) -> list[Post]:
        """Return a page of all users' messages, newest first."""
        posts = self._list("public_timeline", start)
        hidden = self._list("hidden_public_timeline", start) if with_hidden else []
        return _page(posts, hidden, start)

    def user_timeline(
        self,
        author_id: int,
        username: str,
        start: Cursor | None = None,
        with_hidden: bool = False,
    ) -> list[Post]:
        """Return a page of one author's messages, newest first."""
        author = {"author_id": author_id, "username": username}
        posts = self._list("user_timeline", start, **author)
        hidden = (
            self._list("hidden_user_timeline", start, **author) if with_hidden else []
        )
        return _page(posts, hidden, start)

    def own_timeline(self, reader: Reader, start: Cursor | None = None) -> list[Post]:
        """Return a page of a reader's and the followed users' messages, newest first.

        Args:
            reader: a signed-in reader.
            start: where the page begins; by default at the newest message.

        """
        assert reader.account is not None  # noqa: S101
        user = {"user_id": reader.account.id}
        posts: list[Post] = []
        if reader.is_busy:
            # By another plan: one probe a message instead of one an author.
            posts = self._list("busy_timeline", start, **user)
        elif start is None:
            posts = self._recent.page(reader.account.id)
        if len(posts) < AND_ONE_MORE:
            posts = self._list("own_timeline", start, **user)
        if start is None:
            self._recent.note(reader.account.id, posts)
        hidden = []
        if reader.is_moderator:
            hidden = self._list("hidden_own_timeline", start, **user)
        return _page(posts, hidden, start)

    def find(self, author: str, message_id: int) -> Post:
        """Return a message by its author's name and its id, hidden or not.

        Raises:
            UnknownMessage: the author has no such message.

        """
        if "\x00" in author:
            raise UnknownMessage
        rows = self._database.read("message", username=author, id=message_id)
        if not rows:
            raise UnknownMessage
        return Post(*rows[0])

    def delete(self, author_id: int, message_id: int) -> None:
        """Delete a message of its author, unless it is gone already.

        Raises:
            NotAuthor: it is a message of another user.

        """
        [[is_of_another]] = self._database.write(
            "delete_message", author_id=author_id, id=message_id
        )
        if is_of_another:
            raise NotAuthor

    def hidden_count(self, author_id: int) -> int:
        """Count an author's hidden messages, up to MAX_HIDDEN."""
        rows = self._database.read(
            "count_hidden_messages", author_id=author_id, limit=MAX_HIDDEN
        )
        return int(rows[0][0])

    def newer_public(self, after: Cursor) -> int:
        """Count all users' messages newer than a cursor, up to MAX_NEWER."""
        return self._newer("newer_public_messages", after)

    def newer_own(self, user_id: int, after: Cursor) -> int:
        """Count a user's timeline among the MAX_NEWER messages newer than a cursor."""
        return self._newer("newer_own_messages", after, user_id=user_id)

    def _unposted(self, username: str) -> MiniTwitError:
        """Return why a user's message was not added."""
        rows = self._database.read("is_suspended", username=username)
        return AccountSuspended() if rows and rows[0][0] else UnknownUser()

    def _add_with_mentions(
        self,
        candidates: list[Candidate],
        username: str,
        content: str,
        form_key: UUID | None = None,
        latest: int | None = None,
    ) -> None:
        places, names = zip(*candidates, strict=True)
        [[author, _]] = self._database.write(
            "add_message_with_mentions",
            username=username,
            content=content,
            form_key=form_key,
            latest=latest,
            places=",".join(map(str, places)),
            names="\n".join(names),
        )
        if author is None:
            raise self._unposted(username)

    def _newer(self, query: str, after: Cursor, **parameters: int) -> int:
        rows = self._database.read(
            query,
            after_date=after.pub_date,
            after_id=after.id,
            limit=MAX_NEWER,
            **parameters,
        )
        return int(rows[0][0])

    def _list(
        self, query: str, start: Cursor | None, **parameters: object
    ) -> list[Post]:
        start = start or NEWEST
        side = "after" if start.is_newer else "before"
        rows = self._database.read(
            _NEWER[query] if start.is_newer else query,
            limit=AND_ONE_MORE,
            **{f"{side}_date": start.pub_date, f"{side}_id": start.id},
            **parameters,
        )
        posts = [Post(*row) for row in rows]
        return posts[::-1] if start.is_newer else posts


def _page(posts: list[Post], hidden: list[Post], start: Cursor | None) -> list[Post]:
    """Merge visible and hidden messages into one page, newest first."""
    if not hidden:
        return posts
    both = sorted(posts + hidden, key=attrgetter("pub_date", "id"), reverse=True)
    return both[-AND_ONE_MORE:] if start and start.is_newer else both[:AND_ONE_MORE]
