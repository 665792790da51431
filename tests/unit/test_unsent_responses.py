"""Responses that slow clients have not read use a bounded amount of memory."""

from minitwit.server.unsent_responses import UnsentResponses

MEBIBYTE = 1024 * 1024


class Reader:
    """A connection whose client reads slowly."""

    def __init__(self, unsent: UnsentResponses, client: str) -> None:
        self.client = client
        self.is_closed = False
        self._unsent = unsent

    def close(self) -> None:
        """Close it, as the server does."""
        self.is_closed = True
        self._unsent.remove(self)


def readers(unsent: UnsentResponses, size: int, *clients: str) -> list[Reader]:
    """Return a connection of each client, all with a response of so many bytes."""
    made = [Reader(unsent, client) for client in clients]
    for reader in made:
        unsent.update(reader, size)
    return made


def test_the_oldest_response_goes_when_all_are_too_large() -> None:
    unsent = UnsentResponses()
    made = readers(unsent, 6 * MEBIBYTE, *"abcde")
    assert [reader.is_closed for reader in made] == [True, *4 * [False]]


def test_a_response_alone_is_kept_whatever_its_size() -> None:
    [reader] = readers(UnsentResponses(), 100 * MEBIBYTE, "a")
    assert not reader.is_closed


def test_a_client_is_refused_until_it_has_read_a_response() -> None:
    unsent = UnsentResponses()
    first, *_ = readers(unsent, 6 * MEBIBYTE, *"aaa")
    assert unsent.are_too_many("a")
    assert not unsent.are_too_many("b")
    unsent.update(first, 0)
    assert not unsent.are_too_many("a")
    unsent.update(first, 6 * MEBIBYTE)
    first.close()
    assert not unsent.are_too_many("a")
