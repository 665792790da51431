"""Fakes of moderation, reports and suspensions, in memory."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from minitwit.errors import (
    AccountSuspended,
    InvalidInput,
    ModeratorProtected,
    NotModerator,
    UnknownMessage,
)
from minitwit.models import ReportedMessage
from minitwit.moderation.moderation import AUTHOR_SUSPENDED
from minitwit.moderation.reports import AND_ONE_MORE
from minitwit.moderation.suspensions import WORKING_SECONDS

if TYPE_CHECKING:
    from tests.fakes.store import Memory


class FakeModeration:
    """Moderators and hidden messages in memory."""

    def __init__(self, memory: "Memory") -> None:
        self._memory = memory

    def set_moderator(self, username: str, is_moderator: bool) -> None:
        """Grant or revoke moderation."""
        self._memory.account(username)
        if is_moderator:
            self._memory.moderators.add(username)
        else:
            self._memory.moderators.discard(username)

    def set_hidden_as(self, moderator_id: int, message_id: int, hidden: bool) -> str:
        """Hide or restore a message on behalf of a moderator."""
        require_moderator(self._memory, moderator_id)
        self.set_hidden(message_id, hidden)
        return next(p.username for p in self._memory.posts if p.id == message_id)

    def set_hidden(self, message_id: int, hidden: bool) -> None:
        """Hide or restore a message, on behalf of the operator."""
        memory = self._memory
        post = next((p for p in memory.posts if p.id == message_id), None)
        if post is None:
            raise UnknownMessage
        if not hidden and post.username in memory.suspended:
            raise AccountSuspended(AUTHOR_SUSPENDED)
        memory.hidden_with_author.discard(message_id)
        memory.close_reports(message_id)
        if hidden:
            memory.flagged.add(message_id)
        else:
            memory.flagged.discard(message_id)


class FakeReports:
    """Reports in memory.

    Args:
        memory: of the store.
        clock: returns the time in seconds.

    """

    def __init__(self, memory: "Memory", clock: Callable[[], float]) -> None:
        self._memory = memory
        self._clock = clock

    def add(self, reporter_id: int, message_id: int) -> None:
        """Report a message."""
        visible = {post.id: post for post in self._memory.newest()}
        if message_id not in visible:
            raise UnknownMessage
        if visible[message_id].username == self._memory.name(reporter_id):
            raise InvalidInput("This message is your own; you can delete it.")
        report = (int(self._clock()), True)
        self._memory.reports.setdefault((message_id, reporter_id), report)

    def page(self, before: int | None = None) -> list[ReportedMessage]:
        """Return a page of the messages with open reports."""
        times: dict[int, list[int]] = {}
        for (message_id, _), (reported_at, is_open) in self._memory.reports.items():
            if is_open and (before is None or message_id < before):
                times.setdefault(message_id, []).append(reported_at)
        posts = {post.id: post for post in self._memory.newest(with_hidden=True)}
        return [
            ReportedMessage(posts[message_id], len(found), min(found))
            for message_id, found in sorted(times.items(), reverse=True)
        ][:AND_ONE_MORE]

    def dismiss(self, moderator_id: int, message_id: int) -> None:
        """Close the reports of a message on behalf of a moderator."""
        require_moderator(self._memory, moderator_id)
        self._memory.close_reports(message_id)


class FakeSuspensions:
    """Suspensions in memory."""

    def __init__(self, memory: "Memory") -> None:
        self._memory = memory

    def suspend(self, username: str, moderator_id: int | None = None) -> None:
        """Suspend an account, and hide its messages."""
        memory = self._memory
        require_moderator(memory, moderator_id)
        account = memory.account(username)
        if username in memory.moderators:
            raise ModeratorProtected
        memory.suspended.add(username)
        memory.end_sessions(account.id)
        for post in memory.newest({username}):
            memory.flagged.add(post.id)
            memory.hidden_with_author.add(post.id)
        for post in memory.newest({username}, with_hidden=True):
            memory.close_reports(post.id)

    def lift(self, username: str, moderator_id: int | None = None) -> None:
        """Lift a suspension, and show again the messages that it has hidden."""
        memory = self._memory
        require_moderator(memory, moderator_id)
        memory.account(username)
        memory.suspended.discard(username)
        for post in memory.newest({username}, with_hidden=True):
            if post.id in memory.hidden_with_author:
                memory.hidden_with_author.remove(post.id)
                memory.flagged.remove(post.id)

    def run_jobs(self, seconds: float = WORKING_SECONDS) -> None:
        """Do nothing: no job is pending here."""
        assert seconds >= 0


def require_moderator(memory: "Memory", account_id: int | None) -> None:
    """Raise NotModerator for an account that is none; None is the operator."""
    if account_id is not None and memory.name(account_id) not in memory.moderators:
        raise NotModerator
