"""Bytes that are no HTTP: edge and functions answer, if at all, without a 500."""

import socket
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.system.running import RunningSystem
from tests.waiting import status_of

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
