"""A client's connection, on an event loop of the test's own."""

import select
import socket
import struct
from collections.abc import Iterator

import pytest

from minitwit.server.connection import REQUEST_TIMEOUT, Connection
from minitwit.server.event_loop import EventLoop
from minitwit.server.request import Request
from tests.waiting import wait_until

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n!"
RESPONSE = b"HTTP/1.1 204 No Content\r\n\r\n"
LARGE = b"!" * 6_000_000  # bytes; more than the kernel buffers


class Bed:
    """A connection, its client, and a server that answers when the test says so."""

    keepalive = 60.0

    def __init__(self) -> None:
        self.loop = EventLoop()
        with socket.socket() as listener:
            # Inherited by the accepted socket, and far less than LARGE.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18)
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            self.client = socket.socket()
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
            self.client.connect(listener.getsockname())
            here, _ = listener.accept()
        here.setblocking(False)
        self.client.setblocking(False)
        self.requests: list[Request] = []
        self.errors = 0
        self.is_closed = False
        self.unsent = 0
        client, local = ("10.0.0.9", 4711), ("10.0.0.1", 8000)
        self.connection = Connection(self.loop, self, here, client, local)

    def dispatch(self, connection: Connection, request: Request) -> None:
        """Remember a request."""
        assert connection is self.connection
        self.requests.append(request)

    def on_unsent(self, _connection: Connection, size: int) -> None:
        """Remember the size of an unread response."""
        self.unsent = size

    def on_closed(self, _connection: Connection) -> None:
        """Remember that the connection was closed."""
        self.is_closed = True

    def on_error(self) -> None:
        """Count an error."""
        self.errors += 1

    def date(self) -> str:
        """Return a time."""
        return "Wed, 25 Nov 2026 00:00:00 GMT"

    def send(self, data: bytes) -> None:
        """Send something as the client, and let the connection read it."""
        self.client.send(data)
        self.run()

    def run(self) -> None:
        """Run the loop until nothing happens any more."""
        for _ in range(4):
            self.loop.run_once(0.002)

    def received(self) -> bytes:
        """Return what the client has received."""
        data = b""
        while select.select([self.client], [], [], 0.05)[0]:
            received = self.client.recv(1 << 20)
            if not received:
                break
            data += received
            self.run()
        return data

    def read(self, size: int) -> int:
        """Read at least so much as the client, and return how much it was."""
        received = 0
        while received < size:
            select.select([self.client], [], [], 5)
            received += len(self.client.recv(size))
        return received


@pytest.fixture
def bed() -> Iterator[Bed]:
    bed = Bed()
    yield bed
    bed.client.close()
    bed.connection.close()


@pytest.mark.parametrize("raw", [GET, POST])
def test_requests_are_answered_one_at_a_time(bed: Bed, raw: bytes) -> None:
    bed.send(raw * 3)
    for number in range(1, 4):
        assert len(bed.requests) == number
        bed.connection.respond(RESPONSE, keeps_alive=True)
        assert bed.received() == RESPONSE
        bed.run()
    assert bed.connection.is_idle


def test_many_requests_in_one_piece_are_parsed_a_few_at_a_time(bed: Bed) -> None:
    bed.send(GET * 2000)
    for number in range(1, 2001):
        assert len(bed.requests) == number
        assert len(bed.connection._parser.requests) < 100
        bed.connection.respond(RESPONSE, keeps_alive=True)
        if number % 100 == 0:
            assert bed.received() == RESPONSE * 100
            bed.run()
    assert bed.connection.is_idle


def test_the_interim_response_comes_when_its_request_is_next(bed: Bed) -> None:
    head = POST[: -len("\r\n!")] + b"Expect: 100-continue\r\n\r\n"
    bed.send(GET + head)
    assert bed.received() == b""
    bed.connection.respond(RESPONSE, keeps_alive=True)
    assert bed.received() == RESPONSE + b"HTTP/1.1 100 Continue\r\n\r\n"
    bed.send(b"!")
    assert len(bed.requests) == 2


@pytest.mark.parametrize(
    ("raw", "is_abandoned"),
    [
        (GET, False),
        (GET.replace(b"GET", b"HEAD"), False),
        (POST, True),
        (POST.replace(b"POST", b"PUT"), True),
        (POST.replace(b"POST", b"BREW"), True),
        (GET.replace(b"Host", b"X-Forwarded-For: 10.0.0.7\r\nHost"), True),
    ],
)
@pytest.mark.parametrize("is_queued", [False, True])
def test_no_request_is_begun_for_a_client_that_left_but_safe_ones_of_no_proxy(
    bed: Bed, raw: bytes, is_abandoned: bool, is_queued: bool
) -> None:
    if is_queued:
        bed.send(raw)
        bed.client.shutdown(socket.SHUT_WR)
    else:
        bed.client.send(raw)
        bed.client.shutdown(socket.SHUT_WR)
    bed.run()
    [request] = bed.requests
    assert bed.connection.is_abandoned(request) is is_abandoned


def test_nothing_is_begun_on_a_connection_that_was_reset(bed: Bed) -> None:
    bed.send(GET)
    at_once = struct.pack("ii", 1, 0)
    bed.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    bed.client.close()
    bed.run()
    [request] = bed.requests
    assert bed.connection.is_abandoned(request)
    # The request may be under way already.
    bed.connection.respond(RESPONSE, keeps_alive=True)


def test_requests_after_the_client_closed_its_sending_side_are_all_answered(
    bed: Bed,
) -> None:
    bed.client.send(GET * 3)
    bed.client.shutdown(socket.SHUT_WR)
    for _ in range(3):
        bed.run()
        bed.connection.respond(RESPONSE, keeps_alive=True)
    assert bed.received() == RESPONSE * 3
    assert len(bed.requests) == 3
    assert bed.is_closed


def test_an_upgrade_leaves_the_connection_alive(bed: Bed) -> None:
    for _ in range(3):
        bed.send(GET[:-2] + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        bed.connection.respond(RESPONSE, bed.requests[-1].keeps_alive)
        assert bed.received() == RESPONSE
    bed.send(GET)
    assert len(bed.requests) == 4


def test_requests_before_garbage_are_answered_and_then_the_garbage(bed: Bed) -> None:
    bed.send(GET + b"nonsense\r\n\r\n" + GET)
    bed.connection.respond(RESPONSE, keeps_alive=True)
    received = bed.received()
    assert received.startswith(RESPONSE + b"HTTP/1.1 400 Bad Request\r\n")
    assert received.count(b"HTTP/1.1") == 2
    assert len(bed.requests) == 1


def test_a_trickling_request_has_a_deadline(bed: Bed) -> None:
    bed.send(POST[:1])
    deadline = bed.connection.expires_at + REQUEST_TIMEOUT
    for byte in POST[1:-1]:
        bed.send(bytes([byte]))
    assert bed.connection.is_receiving
    assert bed.connection.expires_at < deadline
    bed.connection.expire(bed.connection.expires_at)
    assert bed.received().startswith(b"HTTP/1.1 408 Request Timeout\r\n")


def test_each_request_has_a_deadline_of_its_own(bed: Bed) -> None:
    bed.send(POST[:1])
    bed.connection._request_ends_at = 0.0
    bed.send(POST[1:])
    bed.connection.respond(RESPONSE, keeps_alive=True)
    bed.send(POST[:1])
    assert bed.connection.expires_at > 0


def test_a_response_is_cut_off_only_when_its_reader_stalls(bed: Bed) -> None:
    bed.send(GET)
    bed.connection.respond(LARGE, keeps_alive=True)
    received = 0
    # Each time the reader has read something, but the connection sends nothing more.
    for _ in range(3):
        received += bed.read(120_000)
        bed.connection.expire(bed.connection.expires_at)
        assert not bed.is_closed
        assert bed.connection.expires_at > 0
    received += len(bed.received())
    assert received == len(LARGE)
    assert bed.connection.is_idle


def test_a_reader_that_stalls_is_disconnected(bed: Bed) -> None:
    bed.send(GET)
    bed.connection.respond(LARGE, keeps_alive=True)
    bed.connection.expire(bed.connection.expires_at)
    assert bed.is_closed
    assert not bed.connection._outgoing.unsent, "it keeps the response in memory"


def test_the_size_of_a_response_is_known_until_it_is_read(bed: Bed) -> None:
    bed.send(GET)
    bed.connection.respond(LARGE, keeps_alive=True)
    assert bed.unsent == len(LARGE)
    assert len(bed.received()) == len(LARGE)
    assert bed.unsent == 0


def test_the_last_response_is_whole_also_for_a_slow_reader(bed: Bed) -> None:
    bed.send(GET + POST[:9])
    bed.connection.respond(LARGE, keeps_alive=False)
    received = 0
    while bed.connection._outgoing.unsent:
        received += bed.read(60_000)
        bed.run()
    # All of it is in the kernel's buffers now, and the client still reads.
    received += bed.read(120_000)
    bed.connection.expire(bed.connection.expires_at)
    assert not bed.is_closed
    assert received + len(bed.received()) == len(LARGE)

    def is_closed_when_all_is_acknowledged() -> bool:
        bed.connection.expire(bed.connection.expires_at)
        return bed.is_closed

    wait_until(is_closed_when_all_is_acknowledged)


@pytest.mark.parametrize(
    ("sent", "status"), [(b"", b""), (POST[:-1], b"HTTP/1.1 408 ")]
)
def test_an_evicted_client_is_answered_if_it_has_sent_something(
    bed: Bed, sent: bytes, status: bytes
) -> None:
    if sent:
        bed.send(sent)
    bed.connection.evict()
    assert bed.is_closed
    assert bed.received()[: len(status) or None] == status


def test_a_failure_ends_one_connection_and_not_the_loop(
    bed: Bed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bed, "dispatch", lambda *_: 1 // 0)
    bed.send(GET)
    assert bed.errors == 1
    assert bed.is_closed
