"""Fakes of the store: the same methods and results, in memory.

tests/store_rows.py runs the same tests on the fakes and on PostgreSQL.
"""

import itertools
import threading
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any, NoReturn
from unicodedata import normalize
from uuid import UUID, uuid4

import orjson

from minitwit import follows
from minitwit.accounts.export import Place
from minitwit.accounts.password_resets import digest
from minitwit.accounts.sessions import (
    MAX_COUNTED_MENTIONS,
    MAX_DAYS,
    MAX_SESSIONS,
    Session,
    SessionClaim,
)
from minitwit.accounts.sign_in_throttle import (
    CAPACITY,
    REFILL_SECONDS,
    UNKNOWN_BROWSER,
    KnownBrowser,
)
from minitwit.discovery.people import MAX_PEOPLE
from minitwit.discovery.profiles import Counts, Profile
from minitwit.errors import (
    AccountSuspended,
    InvalidPassword,
    InvalidResetLink,
    InvalidUsername,
    NotAuthor,
    StorageUnavailable,
    TooManyAttempts,
    UnknownMessage,
    UnknownUser,
    UsernameTaken,
)
from minitwit.messages import AND_ONE_MORE, NEWEST
from minitwit.models import (
    Account,
    Cursor,
    Person,
    Post,
    Reader,
    Registration,
    VerifiedAccount,
)
from minitwit.store import Store
from minitwit.text.links import mention_candidates
from tests.fakes.moderation import FakeModeration, FakeReports, FakeSuspensions


@dataclass
class FakeSession:
    """A row of the table of sessions."""

    user_id: int
    user_agent: str
    started_at: int
    last_used_at: int
    uses: int  # Orders what happens within a second.


@dataclass
class Memory:
    """The state that the fakes of one store share."""

    accounts: dict[str, Account] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    emails: dict[str, str] = field(default_factory=dict)
    former: set[str] = field(default_factory=set)
    user_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    form_keys: set[tuple[str, str, str]] = field(default_factory=set)
    follows: list[tuple[int, int]] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    post_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    mentions: set[tuple[int, int]] = field(default_factory=set)
    seen_mentions: dict[int, tuple[int, int]] = field(default_factory=dict)
    flagged: set[int] = field(default_factory=set)
    hidden_with_author: set[int] = field(default_factory=set)
    suspended: set[str] = field(default_factory=set)
    # By message and reporter: when it was reported, and whether the report is open.
    reports: dict[tuple[int, int], tuple[int, bool]] = field(default_factory=dict)
    sessions: dict[UUID, FakeSession] = field(default_factory=dict)
    signed_out: dict[int, float] = field(default_factory=dict)
    resets: dict[str, str] = field(default_factory=dict)
    full_at: dict[int, float] = field(default_factory=dict)
    moderators: set[str] = field(default_factory=set)
    mark: int = -1
    lock: threading.Lock = field(default_factory=threading.Lock)

    def account(self, username: str) -> Account:
        """Return the account of a name, or raise UnknownUser."""
        if username not in self.accounts:
            raise UnknownUser
        return self.accounts[username]

    def move_mark(self, value: int | None) -> None:
        """Set the mark, if there is a new one."""
        if value is not None:
            self.mark = value

    def name(self, user_id: int) -> str:
        """Return the name of an account."""
        return next(a.username for a in self.accounts.values() if a.id == user_id)

    def end_sessions(self, user_id: int) -> None:
        """End all sessions of an account."""
        for session_id, session in list(self.sessions.items()):
            if session.user_id == user_id:
                del self.sessions[session_id]
        self.signed_out[user_id] = time.time()

    def revoke_links(self, username: str) -> None:
        """Make an account's links to reset the password invalid."""
        self.resets = {t: name for t, name in self.resets.items() if name != username}

    def newest(
        self, authors: set[str] | None = None, with_hidden: bool = False
    ) -> list[Post]:
        """Return the posts of authors (or of all), newest first."""
        shown = [
            post._replace(is_hidden=post.id in self.flagged)
            for post in self.posts
            if (with_hidden or post.id not in self.flagged)
            and (authors is None or post.username in authors)
        ]
        return sorted(shown, key=lambda post: (post.pub_date, post.id), reverse=True)

    def merged(
        self, authors: set[str] | None = None, with_hidden: bool = False
    ) -> list[Post]:
        """Return the same without what is hidden with its author."""
        posts = self.newest(authors, with_hidden)
        return [post for post in posts if post.id not in self.hidden_with_author]

    def close_reports(self, message_id: int) -> None:
        """Close the reports of a message."""
        for key, (reported_at, _) in self.reports.items():
            if key[0] == message_id:
                self.reports[key] = (reported_at, False)

    def mentioning(self, user_id: int) -> list[Post]:
        """Return the posts that mention a user, newest first."""
        return [post for post in self.newest() if (user_id, post.id) in self.mentions]

    def timeline(self, user_id: int) -> set[str]:
        """Return the authors of a user's own timeline."""
        followed = (who for by, who in self.follows if by == user_id)
        return {self.name(author) for author in (user_id, *followed)}


class FakeUsers:
    """Accounts in memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def add(self, registration: Registration, latest: int | None = None) -> None:
        """Add an account, unless the name is taken."""
        memory, name = self._memory, registration.username
        memory.move_mark(latest)
        with memory.lock:
            if name in memory.accounts or name in memory.former:
                raise UsernameTaken
            memory.accounts[name] = Account(next(memory.user_ids), name)
            memory.passwords[name] = registration.password
            memory.emails[name] = registration.email

    def add_once(self, registration: Registration) -> None:
        """Add an account, unless the same registration did."""
        memory, name = self._memory, registration.username
        try:
            self.add(registration)
        except UsernameTaken:
            account = memory.accounts.get(name)
            if account is None or memory.emails[name] != registration.email:
                raise
            try:
                self.check_password(account, registration.password)
            except (InvalidPassword, TooManyAttempts) as error:
                raise UsernameTaken from error

    def find(self, username: str) -> Account:
        """Return the account of a name."""
        account = self._memory.account(username)
        is_suspended = username in self._memory.suspended
        return replace(account, is_suspended=is_suspended)

    def sign_in(
        self, username: str, password: str, browser: KnownBrowser = UNKNOWN_BROWSER
    ) -> VerifiedAccount:
        """Return the account of a username and a password."""
        account = self._memory.accounts.get(username)
        user_id = account.id if account else None
        is_right = self._memory.passwords.get(username) == password
        self._throttle(browser.bucket(username), user_id, is_right)
        if account is None:
            raise InvalidUsername
        if not is_right:
            raise InvalidPassword(user_id)
        if username in self._memory.suspended:
            raise AccountSuspended
        return VerifiedAccount(account, password)

    def _throttle(self, bucket: int, user_id: int | None, is_right: bool) -> None:
        now = time.time()
        full_at = max(now, self._memory.full_at.get(bucket, now))
        if full_at > now + REFILL_SECONDS * (CAPACITY - 1):
            raise TooManyAttempts(user_id)
        if not is_right:
            self._memory.full_at[bucket] = full_at + REFILL_SECONDS

    def check_password(
        self,
        account: Account,
        password: str,
        browser: KnownBrowser = UNKNOWN_BROWSER,
    ) -> VerifiedAccount:
        """Check the password of a signed-in account."""
        is_right = self._memory.passwords.get(account.username) == password
        self._throttle(browser.bucket(account.username), account.id, is_right)
        if not is_right:
            raise InvalidPassword(account.id)
        return VerifiedAccount(account, password)

    def change_password(self, old: VerifiedAccount, password: str) -> VerifiedAccount:
        """Replace a password and end all sessions, unless it was replaced since."""
        account = old.account
        if self._memory.passwords.get(account.username) != old.password_hash:
            raise InvalidPassword(account.id)
        self._memory.passwords[account.username] = password
        self._memory.end_sessions(account.id)
        self._memory.revoke_links(account.username)
        return VerifiedAccount(account, password)


class FakeSessions:
    """Sessions in memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._uses = itertools.count()

    def start(self, verified: VerifiedAccount, user_agent: str, days: int) -> UUID:
        """Start a session, unless the password was replaced since."""
        memory, account = self._memory, verified.account
        is_right = memory.passwords.get(account.username) == verified.password_hash
        if not is_right or account.username in memory.suspended:
            raise InvalidPassword(account.id)
        return self.move(account.id, user_agent, days)

    def move(self, user_id: int, user_agent: str, days: int) -> UUID:
        """Start a session, and end the one unused for longest of too many."""
        now, session_id = int(time.time()), uuid4()
        for ended in self.all_of(user_id, days)[MAX_SESSIONS - 1 :]:
            del self._memory.sessions[ended.id]
        self._memory.sessions[session_id] = FakeSession(
            user_id, user_agent[:400], now, now, next(self._uses)
        )
        return session_id

    def account(self, claim: SessionClaim) -> Account | None:
        """Return the account of a session."""
        memory = self._memory
        active = memory.accounts.keys() - memory.suspended
        accounts = {memory.accounts[name].id: memory.accounts[name] for name in active}
        if claim.id is None:
            signed_out = self._memory.signed_out.get(claim.user_id, 0.0)
            return accounts.get(claim.user_id) if signed_out < claim.signed_at else None
        return accounts.get(claim.user_id) if self._row(claim) else None

    def reader(self, claim: SessionClaim) -> Reader | None:
        """Return the account of a session with its rights."""
        account = self.account(claim) if claim.id else None
        if account is None:
            return None
        memory = self._memory
        seen = memory.seen_mentions.get(account.id, (0, 0))
        unseen = sum(
            (post.pub_date, post.id) > seen for post in memory.mentioning(account.id)
        )
        reader = Reader(account, unseen_mentions=min(unseen, MAX_COUNTED_MENTIONS))
        if account.username not in memory.moderators:
            return reader
        reports = memory.reports.items()
        reported = {message for (message, _), (_, is_open) in reports if is_open}
        return replace(reader, is_moderator=True, reported=len(reported))

    def use(self, claim: SessionClaim) -> bool:
        """Note that a session is in use."""
        session, now = self._row(claim), int(time.time())
        if session is None or session.started_at <= now - MAX_DAYS * 24 * 60 * 60:
            return False
        session.last_used_at = now
        session.uses = next(self._uses)
        return True

    def end(self, claim: SessionClaim) -> None:
        """End a session."""
        if claim.id and self._row(claim):
            del self._memory.sessions[claim.id]
        self._memory.signed_out[claim.user_id] = time.time()

    def end_all(self, user_id: int) -> None:
        """End all sessions of an account."""
        self._memory.end_sessions(user_id)

    def all_of(self, user_id: int, days: int) -> list[Session]:
        """Return an account's sessions, the one used last first."""
        used_since = time.time() - days * 24 * 60 * 60
        rows = self._memory.sessions.items()
        found = [
            (row.uses, Session(id_, row.user_agent, row.started_at, row.last_used_at))
            for id_, row in rows
            if row.user_id == user_id and row.last_used_at > used_since
        ]
        return [session for _, session in sorted(found, key=lambda each: -each[0])]

    def _row(self, claim: SessionClaim) -> FakeSession | None:
        row = self._memory.sessions.get(claim.id) if claim.id else None
        return row if row and row.user_id == claim.user_id else None


class FakePasswordResets:
    """Links to set a new password, in memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def add(self, username: str, token_digest: str) -> None:
        """Add a link, which replaces earlier ones."""
        self._memory.account(username)
        self._memory.revoke_links(username)
        self._memory.resets[token_digest] = username

    def account(self, token: str) -> Account | None:
        """Return the account of a link."""
        username = self._memory.resets.get(digest(token))
        return self._memory.accounts[username] if username else None

    def use(self, token: str, password: str) -> Account:
        """Set the password of a link's account."""
        username = self._memory.resets.pop(digest(token), None)
        if username is None:
            raise InvalidResetLink
        account = self._memory.accounts[username]
        old = VerifiedAccount(account, self._memory.passwords[username])
        FakeUsers(self._memory).change_password(old, password)
        return account


class FakeDeletions:
    """Deletion of accounts in memory, at once."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def delete(self, account: Account) -> bool:
        """Delete an account with everything that it has."""
        memory, name = self._memory, account.username
        memory.former.add(name)
        for named in (memory.accounts, memory.passwords, memory.emails):
            named.pop(name, None)
        memory.moderators.discard(name)
        memory.posts = [post for post in memory.posts if post.username != name]
        memory.follows = [pair for pair in memory.follows if account.id not in pair]
        memory.end_sessions(account.id)
        memory.revoke_links(name)
        return True

    def resume(self) -> None:
        """Go on with a pending deletion: none is, ever."""

    def finish(self) -> Iterator[int]:
        """Complete pending deletions: none is, ever."""
        return iter(())


class FakeExports:
    """Exports from memory, always in one document."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def document(self, user_id: int, start: Place) -> tuple[dict[str, bytes], None]:
        """Return everything about an account."""
        assert start.list_name
        memory, name = self._memory, self._memory.name(user_id)
        account = {"id": user_id, "username": name, "email": memory.emails[name]}
        posts = {
            hidden: [
                {"id": p.id, "pub_date": p.pub_date, "content": p.content}
                for p in memory.newest({name}, with_hidden=True)
                if p.is_hidden == hidden
            ]
            for hidden in (False, True)
        }
        fields: dict[str, object] = {
            "account": account | {"is_moderator": name in memory.moderators},
            "sessions": [{} for s in memory.sessions.values() if s.user_id == user_id],
            "follows": [memory.name(b) for a, b in memory.follows if a == user_id][
                ::-1
            ],
            "followers": [memory.name(a) for a, b in memory.follows if b == user_id][
                ::-1
            ],
            "reports": [],
            "messages": posts[False],
            "hidden_messages": posts[True],
        }
        return {key: orjson.dumps(value) for key, value in fields.items()}, None


class FakeFollows:
    """The follow relation in memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def add(self, follower: str, followed: str, latest: int | None = None) -> None:
        """Make one user follow another."""
        self._memory.move_mark(latest)
        pair = self._pair(follower, followed)
        if pair not in self._memory.follows:
            self._memory.follows.append(pair)

    def remove(self, follower: str, followed: str, latest: int | None = None) -> None:
        """Make one user stop following another."""
        self._memory.move_mark(latest)
        pair = self._pair(follower, followed)
        if pair in self._memory.follows:
            self._memory.follows.remove(pair)

    def names_json(self, follower: str, limit: int) -> str:
        """Return the names that a user follows as JSON."""
        account = self._memory.account(follower)
        followed = [who for by, who in self._memory.follows if by == account.id]
        return orjson.dumps(
            [self._memory.name(who) for who in followed[:limit]]
        ).decode()

    def followed(self, user_id: int, before: int | None = None) -> list[Person]:
        """Return a page of the users that a user follows."""
        return self._page(
            [who if by == user_id else None for by, who in self._all], before
        )

    def followers(self, user_id: int, before: int | None = None) -> list[Person]:
        """Return a page of a user's followers."""
        return self._page(
            [by if who == user_id else None for by, who in self._all], before
        )

    @property
    def _all(self) -> list[tuple[int, int]]:
        return self._memory.follows

    def _page(self, ids: list[int | None], before: int | None) -> list[Person]:
        people = [
            Person(place, self._memory.name(user_id))
            for place, user_id in enumerate(ids, start=1)
            if user_id is not None and (before is None or place < before)
        ]
        shown = [p for p in people[::-1] if p.username not in self._memory.suspended]
        return shown[: follows.AND_ONE_MORE]

    def _pair(self, follower: str, followed: str) -> tuple[int, int]:
        memory = self._memory
        return memory.account(follower).id, memory.account(followed).id


class FakeMessages:
    """Messages in memory.

    Args:
        memory: of the store.
        clock: returns the time in seconds.

    """

    def __init__(self, memory: Memory, clock: Callable[[], float]) -> None:
        self._memory = memory
        self._clock = clock

    def add(self, username: str, content: str, latest: int | None = None) -> None:
        """Post a message of a user."""
        memory = self._memory
        memory.move_mark(latest)
        name = memory.account(username).username
        if name in memory.suspended:
            raise AccountSuspended
        number = next(memory.post_ids)
        memory.posts.append(Post(number, name, content, int(self._clock())))
        memory.mentions |= {
            (memory.account(mentioned).id, number)
            for mentioned in _mentioned(content, memory.accounts)
            if mentioned != name
        }

    def add_once(self, username: str, content: str, form_token: str) -> None:
        """Post a message, unless the same form did."""
        key = (form_token, username, content)
        if key not in self._memory.form_keys:
            self._memory.form_keys.add(key)
            self.add(username, content)

    def recent_json(self, limit: int) -> str:
        """Return the newest messages of all users as JSON."""
        return _json(self._memory.newest()[:limit])

    def recent_json_of(self, username: str, limit: int) -> str:
        """Return a user's newest messages as JSON."""
        name = self._memory.account(username).username
        return _json(self._memory.newest({name})[:limit])

    def public_timeline(
        self, start: Cursor | None = None, with_hidden: bool = False
    ) -> list[Post]:
        """Return a page of all users' messages."""
        return _page(self._memory.merged(None, with_hidden), start)

    def user_timeline(
        self,
        author_id: int,
        username: str,
        start: Cursor | None = None,
        with_hidden: bool = False,
    ) -> list[Post]:
        """Return a page of one author's messages."""
        assert self._memory.name(author_id) == username
        return _page(self._memory.newest({username}, with_hidden), start)

    def own_timeline(self, reader: Reader, start: Cursor | None = None) -> list[Post]:
        """Return a page of a reader's and the followed users' messages."""
        assert reader.account is not None
        authors = self._memory.timeline(reader.account.id)
        return _page(self._memory.merged(authors, reader.is_moderator), start)

    def find(self, author: str, message_id: int) -> Post:
        """Return a message by its author's name and its id, hidden or not."""
        for post in self._memory.newest({author}, with_hidden=True):
            if post.id == message_id:
                return post
        raise UnknownMessage

    def delete(self, author_id: int, message_id: int) -> None:
        """Delete a message of its author."""
        posts, author = self._memory.posts, self._memory.name(author_id)
        for post in [post for post in posts if post.id == message_id]:
            if post.username != author:
                raise NotAuthor
            posts.remove(post)
            reports = self._memory.reports
            for report in [report for report in reports if report[0] == message_id]:
                del reports[report]

    def hidden_count(self, author_id: int) -> int:
        """Count an author's hidden messages."""
        posts = self._memory.newest({self._memory.name(author_id)}, with_hidden=True)
        return sum(post.is_hidden for post in posts)

    def newer_public(self, after: Cursor) -> int:
        """Count all users' messages newer than a cursor."""
        return sum(_is_newer(post, after) for post in self._memory.newest())

    def newer_own(self, user_id: int, after: Cursor) -> int:
        """Count those of a user's timeline newer than a cursor."""
        posts = self._memory.newest(self._memory.timeline(user_id))
        return sum(_is_newer(post, after) for post in posts)


class FakeMentions:
    """Mentions in memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def of(self, user_id: int, start: Cursor | None = None) -> list[Post]:
        """Return a page of the messages that mention a user."""
        return _page(self._memory.mentioning(user_id), start)

    def known(self, names: Collection[str]) -> frozenset[str]:
        """Return those of some names that users have."""
        return frozenset(names) & self._memory.accounts.keys()

    def see(self, user_id: int, newest: Post) -> None:
        """Note the newest mention that a user has seen."""
        place = (newest.pub_date, newest.id)
        seen = self._memory.seen_mentions
        seen[user_id] = max(place, seen.get(user_id, (0, 0)))

    def index(self, after: int) -> Iterator[tuple[int, int]]:
        """Find nothing: in memory, mentions are found whenever they are read."""
        assert after >= 0
        return iter(())


class FakeProfiles:
    """Profiles in memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def find(
        self, username: str, reader: Account | None = None, before: Cursor = NEWEST
    ) -> Profile:
        """Return what a user's page shows of the account."""
        memory, account = self._memory, FakeUsers(self._memory).find(username)
        counts = Counts(
            len(memory.newest({username})),
            sum(by == account.id for by, _ in memory.follows),
            sum(who == account.id for _, who in memory.follows),
        )
        follow = (reader.id if reader else None, account.id)
        is_followed = follow in memory.follows
        shown = [] if account.is_suspended else memory.newest({username})
        posts = _page(shown, before)
        return Profile(account, counts, is_followed, posts)


class FakePeople:
    """Users as others find them, in memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def by_prefix(self, prefix: str) -> list[str]:
        """Return the first users whose names begin with a text."""
        prefix = normalize("NFC", prefix).lower()
        shown = self._memory.accounts.keys() - self._memory.suspended
        names = [name for name in shown if name.lower().startswith(prefix)]
        return sorted(names, key=str.lower)[:MAX_PEOPLE]

    def active(self, reader_id: int | None) -> list[str]:
        """Return users who have posted and whom a reader does not follow."""
        memory = self._memory
        known = memory.timeline(reader_id) if reader_id else set()
        known |= memory.suspended
        names = dict.fromkeys(post.username for post in memory.newest())
        return [name for name in names if name not in known][:MAX_PEOPLE]

    def followed_among(
        self, follower_id: int, names: Collection[str]
    ) -> frozenset[str]:
        """Return those of some names that a user follows."""
        memory = self._memory
        return frozenset(
            name
            for name in names
            if (follower_id, memory.account(name).id) in memory.follows
        )


class FakeLatest:
    """The simulator's progress mark in memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def record(self, value: int) -> None:
        """Set the mark."""
        self._memory.mark = value

    def value(self) -> int:
        """Return the mark."""
        return self._memory.mark


class FakeSchema:
    """A schema that is current, or raises the given error."""

    def __init__(self, error: StorageUnavailable | None = None) -> None:
        self.error = error

    def require_current(self) -> None:
        """Raise the error, if there is one."""
        if self.error:
            raise self.error


class Down:
    """Any part of a store whose database is unavailable."""

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        """Return a method that raises StorageUnavailable."""

        def fail(*_arguments: object) -> NoReturn:
            raise StorageUnavailable

        return fail


def fake_store(
    memory: Memory | None = None, clock: Callable[[], float] = time.time
) -> Store:
    """Return a store in memory."""
    memory = memory or Memory()
    parts: list[Any] = [
        FakeUsers(memory),
        FakeSessions(memory),
        FakePasswordResets(memory),
        FakeDeletions(memory),
        FakeExports(memory),
        FakeFollows(memory),
        FakeMessages(memory, clock),
        FakeModeration(memory),
        FakeReports(memory, clock),
        FakeSuspensions(memory),
        FakeMentions(memory),
        FakePeople(memory),
        FakeProfiles(memory),
        FakeLatest(memory),
        FakeSchema(),
    ]
    return Store(*parts)


def store_that_is_down() -> Store:
    """Return a store whose database is unavailable."""
    parts: list[Any] = [Down()] * len(fields(Store))
    return Store(*parts)


def _mentioned(content: str, names: Collection[str]) -> set[str]:
    """Return the names that a message mentions: at each place the longest."""
    found: dict[int, str] = {}
    for place, name in mention_candidates(content):
        if name in names:
            found.setdefault(place, name)
    return set(found.values())


def _json(posts: list[Post]) -> str:
    shown = [
        {"content": post.content, "pub_date": post.pub_date, "user": post.username}
        for post in posts
    ]
    return orjson.dumps(shown).decode()


def _page(posts: list[Post], start: Cursor | None) -> list[Post]:
    if start:
        if start.is_newer:
            return [post for post in posts if _is_newer(post, start)][-AND_ONE_MORE:]
        place = (start.pub_date, start.id)
        posts = [post for post in posts if (post.pub_date, post.id) < place]
    return posts[:AND_ONE_MORE]


def _is_newer(post: Post, after: Cursor) -> bool:
    return (post.pub_date, post.id) > (after.pub_date, after.id)
