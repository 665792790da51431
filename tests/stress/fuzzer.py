"""A byte-level fuzzer of HTTP servers: pipelined requests, mutated, cut anywhere.

A conversation is what is sent on one connection. Most of its requests carry a marker
that their answer repeats, so that an answer to another request, or to another
connection's, is noticed.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from random import Random

_SIMULATOR = b"Authorization: Basic c2ltdWxhdG9yOnN1cGVyX3NhZmUh\r\n"
_JSON = b"Content-Type: application/json\r\n"
_MARKER = re.compile(rb"M[0-9A-F]{10}X", re.IGNORECASE)
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")

_CONNECTIONS = 12  # at once
_IDLE = 0.25  # seconds without an answer, after which the fuzzer ends its sending side
_PATIENCE = 30.0  # seconds for a conversation

# What parsers of HTTP have failed on.
_PIECES = (
    *(
        b"\r\n",
        b"\n",
        b"\r",
        b"\r\n\r\n",
        b"\x00",
        b"\xff",
        b" ",
        b"\t",
        b":",
        b"\r\n ",
    ),
    *(b"0", b"-1", b"4294967296", b"ffffffffffffffff", b"1e3", b"+1", b"0x10", b";a=b"),
    *(b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: b\r\n"),
    *(b"Transfer-Encoding: identity\r\n", b"Connection: close\r\n", b"Upgrade: x\r\n"),
    *(b"Connection: upgrade\r\nUpgrade: h2c\r\n", b"Expect: 100-continue\r\n"),
    *(b"Content-Length: 99999\r\n", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n"),
    *(
        b"GET / HTTP/1.0\r\n\r\n",
        b"HTTP/2.0",
        b"%00",
        b"%zz",
        b"../",
        b"//",
        b"?",
        b"#",
    ),
    *(
        b'{"content":"\\ud800"}',
        b"[" * 300,
        b"X: " + b"y" * 9000 + b"\r\n",
        b"\xc3\x28",
    ),
    *(b"0\r\n\r\n", b"5\r\nhello\r\n", b"Cookie: session=\xff; flash==\r\n", b"*"),
)


@dataclass(frozen=True)
class Request:
    """A valid request, and what its answer must be.

    Attributes:
        raw: the bytes.
        statuses: of which its answer has one.
        marker: that the answer repeats, or nothing.

    """

    raw: bytes
    statuses: frozenset[int]
    marker: bytes = b""


@dataclass(frozen=True)
class Conversation:
    """What is sent on one connection.

    Attributes:
        raw: the bytes.
        intact: the requests before the first mutation; all of them are answered.
        count: of requests, mutated ones included.
        is_mutated: whether one of them is.
        cuts: where the bytes are cut into pieces.

    """

    raw: bytes
    intact: tuple[Request, ...]
    count: int
    is_mutated: bool
    cuts: tuple[int, ...] = ()


@dataclass
class Findings:
    """What the fuzzer has seen."""

    inputs: int = 0
    resets: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[tuple[str, bytes]] = field(default_factory=list)


class Generator:
    """Makes conversations; the same seed makes the same ones.

    Args:
        seed: of the random numbers.
        user: the name of a user who exists.
        reads: paths of GET.
        writes: paths of POST, in the API.

    """

    def __init__(
        self, seed: int, user: str, reads: Iterable[str], writes: Iterable[str]
    ) -> None:
        self._random = Random(seed)  # noqa: S311 (not for secrets)
        self._reads = [path.format(user=user).encode() for path in reads]
        self._writes = [path.format(user=user).encode() for path in writes]

    def conversation(self) -> Conversation:
        """Return the next conversation; two thirds of them are mutated."""
        chance = self._random
        requests = [self._request() for _ in range(chance.randint(0, 7))]
        # First only: a function knows llhttp's methods alone behind another request.
        requests.insert(0, self._unknown_method())
        mutated_at = chance.randrange(len(requests)) if chance.random() < 0.67 else None
        pieces = [request.raw for request in requests]
        if mutated_at is not None:
            for _ in range(chance.choice((1, 1, 1, 2, 4))):
                pieces[mutated_at] = self._mutated(pieces[mutated_at])
        raw = b"".join(pieces) + self._last()
        size = len(raw)
        cuts = sorted(chance.sample(range(size), min(size, chance.randint(0, 3))))
        intact = tuple(requests[:mutated_at])
        is_mutated = mutated_at is not None
        return Conversation(raw, intact, len(requests) + 1, is_mutated, tuple(cuts))

    def _request(self) -> Request:
        kinds = [self._search] if b"/people" in self._reads else []
        kinds += [self._unknown_type] * 2 if self._writes else []
        return self._random.choice([*kinds, self._read])()

    def _marker(self) -> bytes:
        return b"M%010XX" % self._random.getrandbits(40)

    def _unknown_method(self) -> Request:
        marker, path = self._marker(), self._random.choice(self._reads)
        return Request(self._framed(marker, path), frozenset({405}), marker)

    def _unknown_type(self) -> Request:
        """Return a request whose body is of an unknown type, which the answer names."""
        marker = self._marker()
        headers = _SIMULATOR + b"Content-Type: a/%s\r\n" % marker
        raw = self._framed(b"POST", self._random.choice(self._writes), headers)
        return Request(raw, frozenset({415}), marker)

    def _search(self) -> Request:
        """Return a request for a page that shows what was searched."""
        marker = self._marker()
        raw = self._framed(b"GET", b"/people?name=" + marker)
        return Request(raw, frozenset({200}), marker)

    def _read(self) -> Request:
        query = b"?no=%d&latest=%s" % (
            self._random.randint(-1, 3),
            self._random.choice((b"", b"x", b"7", b"9" * 40)),
        )
        path = self._random.choice(self._reads) + query
        raw = self._framed(b"GET", path, _SIMULATOR + _JSON)
        return Request(raw, frozenset({200, 303, 404}))

    def _framed(self, method: bytes, path: bytes, headers: bytes = b"") -> bytes:
        chance = self._random
        body = chance.randbytes(chance.choice((0, 0, 1, 40, 3000)))
        framing = b"Content-Length: %d\r\n" % len(body) if body else b""
        if chance.random() < 0.3:
            framing = b"Transfer-Encoding: chunked\r\n"
            body = b"".join(self._chunks(body)) + b"0\r\n\r\n"
        lines = [b"Host: localhost\r\n", headers, framing]
        if chance.random() < 0.3:
            lines.append(b"X-Padding: %s\r\n" % (b"p" * chance.randint(0, 500)))
        chance.shuffle(lines)
        return b"%s %s HTTP/1.1\r\n%s\r\n%s" % (method, path, b"".join(lines), body)

    def _chunks(self, body: bytes) -> Iterable[bytes]:
        while body:
            size = self._random.randint(1, len(body))
            yield b"%x\r\n%s\r\n" % (size, body[:size])
            body = body[size:]

    def _last(self) -> bytes:
        return (
            b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % self._reads[0]
        )

    def _mutated(self, raw: bytes) -> bytes:
        chance = self._random
        start = chance.randint(0, len(raw))
        # Most of a request's meaning is in its head.
        if chance.random() < 0.7:
            start = chance.randint(0, max(raw.find(b"\r\n\r\n"), 0) + 4)
        end = min(start + chance.choice((1, 1, 2, 8, 60)), len(raw))
        slice_ = raw[start:end]
        match chance.randrange(6):
            case 0:  # a flipped bit
                flipped = bytes(b ^ (1 << chance.randrange(8)) for b in slice_[:1])
                return raw[:start] + flipped + raw[start + 1 :]
            case 1:
                return raw[:start] + raw[end:]
            case 2:
                return raw[:end] + slice_ * chance.choice((1, 2, 100)) + raw[end:]
            case 3:
                return raw[:start] + chance.choice(_PIECES) + raw[start:]
            case 4:
                return raw[:start] + chance.choice(_PIECES) + raw[end:]
            case _:
                return raw[:start] + chance.randbytes(end - start) + raw[end:]


async def fuzz(port: int, conversations: Iterable[Conversation]) -> Findings:
    """Hold conversations with the server at a port of this host, many at once."""
    findings = Findings()
    pending = iter(conversations)

    async def hold_some() -> None:
        for conversation in pending:
            received, is_reset = await _received(port, conversation)
            findings.inputs += conversation.count
            findings.resets += is_reset
            findings.statuses.update(statuses_in(received))
            if fault := fault_in(conversation, received, is_reset):
                findings.faults.append((fault, conversation.raw))

    await asyncio.gather(*(hold_some() for _ in range(_CONNECTIONS)))
    return findings


def statuses_in(received: bytes) -> list[int]:
    """Return the statuses of the final responses in what was received."""
    found = [int(status) for status in _STATUS.findall(received)]
    return [status for status in found if status >= 200]


def fault_in(
    conversation: Conversation, received: bytes, is_reset: bool = False
) -> str | None:
    """Return what is wrong with the answers to a conversation, or None.

    A server that resets the connection of a client that is still sending may destroy
    answers on their way, so then some may be missing.
    """
    statuses = statuses_in(received)
    intact = conversation.intact[: len(statuses)] if is_reset else conversation.intact
    if len(statuses) < len(intact):
        return f"{len(statuses)} answers, {len(intact)} were due"
    for number, request in enumerate(intact):
        if statuses[number] not in request.statuses:
            return f"answer {number} is {statuses[number]}, not {set(request.statuses)}"
    if not conversation.is_mutated and len(statuses) != conversation.count:
        return f"{len(statuses)} answers to {conversation.count} requests"
    due = [request.marker for request in intact if request.marker]
    # A page shows what was searched more than once.
    seen = [marker.upper() for marker, _ in groupby(_MARKER.findall(received))]
    if seen[: len(due)] != due[: len(seen) if is_reset else None]:
        return f"out of step: {seen[: len(due)]} instead of {due}"
    sent = conversation.raw.upper()
    places = [sent.find(marker) for marker in seen]
    if -1 in places or places != sorted(places):
        return f"an answer to another request: {seen}"
    return None


async def _received(port: int, conversation: Conversation) -> tuple[bytes, bool]:
    """Return what a server answers, and whether it reset the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    received = b""
    try:
        async with asyncio.timeout(_PATIENCE):
            sending = asyncio.create_task(_send(writer, conversation))
            while chunk := await _chunk(reader, writer, conversation, received):
                received += chunk
            await sending
    except TimeoutError:
        return received, False  # What has arrived by then is judged.
    except OSError:
        return received, True
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    return received, False


async def _send(writer: asyncio.StreamWriter, conversation: Conversation) -> None:
    places = (0, *conversation.cuts, len(conversation.raw))
    with suppress(OSError):  # The server may have refused the rest.
        for start, end in pairwise(places):
            writer.write(conversation.raw[start:end])
            await writer.drain()


async def _chunk(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    conversation: Conversation,
    received: bytes,
) -> bytes:
    """Return the next bytes; a server that waits for more sees the end."""
    all_due = len(statuses_in(received)) >= len(conversation.intact)
    if conversation.is_mutated and all_due:
        try:
            async with asyncio.timeout(_IDLE):
                return await reader.read(65536)
        except TimeoutError:
            with suppress(OSError):
                writer.write_eof()
    return await reader.read(65536)
