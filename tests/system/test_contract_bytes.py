"""Requests as no HTTP client sends them, byte by byte, to edge and functions."""

import json
import re
import socket
import uuid
from urllib.parse import urlsplit

import psutil
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.system.running import RunningSystem
from tests.waiting import status_of, wait_until

LINES = [
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /%00/../%2f%5c HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /register HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"POST /register HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
    b"POST /register HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /register HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    b"GET " + b"/a" * 5000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 500 + b"\r\n",
    b"GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
]


def statuses(port: int, raw: bytes) -> list[int]:
    """Send bytes, say that there are no more, and return the statuses of answers."""
    with socket.create_connection(("localhost", port), timeout=10) as connection:
        received = b""
        try:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65536):
                received += chunk
        except (ConnectionError, TimeoutError):
            pass
    lines = [ln for ln in received.split(b"\r\n") if ln.startswith(b"HTTP/1.")]
    return [int(line.split()[1]) for line in lines if line.split()[1:]]


def ports(system: RunningSystem) -> list[int]:
    """Return the ports of the edge and of each function."""
    edge = urlsplit(system.url).port
    assert edge is not None
    return [edge, *(replica["port"] for replica in system.replicas)]


@pytest.mark.parametrize("raw", LINES)
def test_broken_request_gets_no_500(system: RunningSystem, raw: bytes) -> None:
    edge, *functions = ports(system)
    # Traefik itself answers 500 when a chunk that it passes on is malformed.
    edges = [edge] if b"chunked" not in raw else []
    for port in [*edges, *functions]:
        assert all(status < 500 or status == 505 for status in statuses(port, raw))
    assert status_of(f"{system.url}/latest") == 200


HOST = b"Host: localhost\r\n"
CLOSE = HOST + b"Connection: close\r\n"
UPGRADE = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
JSON = b"Content-Type: application/json\r\n"
SIMULATOR = b"Authorization: Basic c2ltdWxhdG9yOnN1cGVyX3NhZmUh\r\n"
GET = b"GET /latest HTTP/1.1\r\n"
POST = b"POST /msgs/nobody HTTP/1.1\r\n"
LAST = b"GET /latest HTTP/1.1\r\n" + CLOSE + b"\r\n"

# Name, bytes, and the statuses that the function `messages` answers; the edge's where
# it answers otherwise.
EXCHANGES: list[tuple[str, bytes, list[int], list[int] | None]] = [
    ("two requests", GET + HOST + b"\r\n" + LAST, [200, 200], None),
    ("upgrade", (GET + HOST + UPGRADE + b"\r\n") * 2 + LAST, [200, 200, 200], None),
    (
        "upgrade with a body",
        POST
        + HOST
        + UPGRADE.replace(b": ", b": close, ", 1)
        + b"Content-Length: %d\r\n\r\n" % len(LAST)
        + LAST,
        [403],
        None,
    ),
    ("unknown method", b"BREW /msgs HTTP/1.1\r\n" + CLOSE + b"\r\n", [405], None),
    (
        "absolute target",
        b"GET http://a/latest HTTP/1.1\r\n" + CLOSE + b"\r\n",
        [200],
        None,
    ),
    ("blank lines before", b"\r\n\r\n" + LAST, [200], [400]),
    ("bytes after the last request", LAST + b"nonsense\r\n\r\n", [200], None),
    ("no host", b"GET /latest HTTP/1.1\r\n\r\n", [400], None),
    ("two hosts", GET + HOST + CLOSE + b"\r\n", [400], None),
    ("invalid host", GET + b"Host: a b\r\n\r\n", [400], None),
    ("folded header", GET + CLOSE + b"X: y\r\n z\r\n\r\n", [400], [200]),
    (
        "two lengths",
        POST + CLOSE + b"Content-Length: 1\r\n" * 2 + b"\r\n!",
        [400],
        [403],
    ),
    ("other coding", POST + CLOSE + b"Transfer-Encoding: gzip\r\n\r\n", [400], [501]),
    ("large value", GET + CLOSE + b"X: " + b"y" * 60_000 + b"\r\n\r\n", [431], None),
    (
        "many headers",
        GET + CLOSE + b"".join(b"X-%d: y\r\n" % n for n in range(5000)) + b"\r\n",
        [431],
        None,
    ),
    (
        "credentials in a trailer",
        POST + CLOSE + JSON + CHUNKED + b"Trailer: Authorization\r\n\r\n"
        b'10\r\n{"content": "x"}\r\n0\r\n' + SIMULATOR + b"\r\n",
        [403],
        None,
    ),
]


def exchange(port: int, raw: bytes) -> bytes:
    """Send bytes and return everything that is answered until the connection ends."""
    received = b""
    with socket.create_connection(("localhost", port), timeout=10) as connection:
        connection.sendall(raw)
        while chunk := connection.recv(65536):
            received += chunk
    return received


def statuses_in(received: bytes) -> list[int]:
    """Return the statuses of responses."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", received)]


@pytest.mark.parametrize(
    ("raw", "function", "edge"),
    [row[1:] for row in EXCHANGES],
    ids=[row[0] for row in EXCHANGES],
)
def test_exchange(
    system: RunningSystem, raw: bytes, function: list[int], edge: list[int] | None
) -> None:
    assert statuses_in(exchange(port_of(system, "messages"), raw)) == function
    assert statuses_in(exchange(ports(system)[0], raw)) == (edge or function)


def port_of(system: RunningSystem, function: str) -> int:
    """Return the port of a function's first replica."""
    ports = [r["port"] for r in system.replicas if r["function"] == function]
    return int(ports[0])


@pytest.mark.parametrize(
    "path", [b"/public", b"/login", b"/nobody", b"/feed", b"/public/feed"]
)
def test_a_request_without_a_host_is_shown_no_address(
    system: RunningSystem, path: bytes
) -> None:
    raw = b"GET " + path + b" HTTP/1.0\r\n\r\n"
    inner = port_of(system, "timeline")
    for port in (inner, ports(system)[0]):
        received = exchange(port, raw)
        assert received.startswith(b"HTTP/1.")
        assert str(inner).encode() not in received
        assert b"127.0.0.1" not in received


def hung_up_on(port: int) -> int:
    """Return how many connections to a port only its server has not closed yet."""
    return sum(
        connection.laddr[1:] == (port,) and connection.status == psutil.CONN_CLOSE_WAIT
        for connection in psutil.net_connections("tcp")
    )


def test_a_caller_that_gave_up_on_a_stopped_function_has_posted_nothing(
    system: RunningSystem,
) -> None:
    name = f"gone-{uuid.uuid4().hex[:8]}"
    body = json.dumps({"username": name, "email": "a@b.c", "pwd": "secret"}).encode()
    head = b"POST /register HTTP/1.1\r\n" + HOST + JSON
    raw = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    function = system.process("register-1")
    stopped = [function, *function.children(recursive=True)]
    for process in stopped:
        process.suspend()
    try:
        for port in (port_of(system, "register"), ports(system)[0]):
            with socket.create_connection(("localhost", port), timeout=10) as gone:
                gone.sendall(raw)
        # Until Traefik has hung up as well, the function would hear of no hang-up.
        inner = port_of(system, "register")
        wait_until(lambda: hung_up_on(inner) == 2, "both callers to hang up")
    finally:
        for process in stopped:
            process.resume()
    last = raw.replace(HOST, CLOSE)
    received = exchange(ports(system)[0], last)
    assert statuses_in(received) == [204], received


@settings(max_examples=40)
@given(raw=st.binary(max_size=200), begins=st.sampled_from([b"", b"GET /", b"POST /"]))
@example(raw=b"\r\n\r\n", begins=b"")
def test_no_bytes_at_all_get_a_500(
    system: RunningSystem, raw: bytes, begins: bytes
) -> None:
    for port in ports(system)[:3]:
        assert all(
            status < 500 or status == 505 for status in statuses(port, begins + raw)
        )
