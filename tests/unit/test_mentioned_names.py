"""Mentioned names are looked up in one statement a page, and then kept for a while."""

from collections.abc import Collection

from functions.timeline.mentioned_names import MentionedNames
from minitwit.models import Post, Registration
from tests.fakes.store import FakeMentions, FakeUsers, Memory


class CountingMentions(FakeMentions):
    """Mentions in memory that count the lookups."""

    lookups = 0

    def known(self, names: Collection[str]) -> frozenset[str]:
        """Return those of some names that users have."""
        self.lookups += bool(names)
        return super().known(names)


def posts(*contents: str) -> list[Post]:
    return [Post(n, "ada", content, n) for n, content in enumerate(contents)]


def user(name: str) -> Registration:
    return Registration(username=name, email="a@b.c", pwd="x")


def test_a_page_takes_one_lookup_and_its_next_reader_none() -> None:
    memory = Memory()
    users, counting = FakeUsers(memory), CountingMentions(memory)
    for name in ("bob", "Max Q. Mustermann"):
        users.add(user(name))
    mentions = MentionedNames(counting.known, clock=lambda: 0.0)
    page = posts("@bob and @Max Q. Mustermann", "nothing", "@nobody", "a@b.c")
    found = [{"bob", "Max Q. Mustermann"}, set(), set(), set()]
    assert mentions.of(page) == found
    assert mentions.of(page) == found
    assert counting.lookups == 1


def test_a_page_without_mentions_takes_no_lookup() -> None:
    counting = CountingMentions(Memory())
    assert MentionedNames(counting.known).of(posts("hello", "a@b.c")) == [set(), set()]
    assert counting.lookups == 0


def test_a_name_that_is_registered_later_is_found_a_minute_later() -> None:
    now = 0.0
    memory = Memory()
    users, counting = FakeUsers(memory), CountingMentions(memory)
    mentions = MentionedNames(counting.known, clock=lambda: now)
    assert mentions.of(posts("@bob")) == [set()]
    users.add(user("bob"))
    now = 59.0
    assert mentions.of(posts("@bob")) == [set()]
    now = 61.0
    assert mentions.of(posts("@bob")) == [{"bob"}]
