"""The stream between pg8000 and PostgreSQL."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from minitwit.postgres.stream import Stream

FLUSH = b"H\x00\x00\x00\x04"


@pytest.fixture
def ends() -> Iterator[tuple[Stream, socket.socket]]:
    here, there = socket.socketpair()
    with here, there:
        yield Stream(here, timeout=5).makefile("rwb"), there


def test_a_statement_is_sent_in_one_piece_without_flushes(
    ends: tuple[Stream, socket.socket],
) -> None:
    stream, server = ends
    for part in (b"B...", FLUSH, b"E...", FLUSH, b"S..."):
        stream.write(part)
    stream.flush()
    assert server.recv(100) == b"B...E...S..."


def test_flushed_data_is_not_sent_again(ends: tuple[Stream, socket.socket]) -> None:
    stream, server = ends
    for statement in (b"one", b"two"):
        stream.write(statement)
        stream.flush()
        assert server.recv(100) == statement


def test_so_much_is_received_as_is_needed_and_no_less(
    ends: tuple[Stream, socket.socket],
) -> None:
    stream, server = ends
    size = 300_000
    with ThreadPoolExecutor(1) as other:
        sent = other.submit(server.sendall, b"!" * size)
        received = stream.receive(size - 10)
        sent.result()
    assert size - 10 <= len(received) <= size
    server.sendall(b"12")
    server.close()
    with pytest.raises(ConnectionError):
        stream.receive(size)


def test_an_answer_is_read_message_by_message(
    ends: tuple[Stream, socket.socket],
) -> None:
    stream, server = ends
    server.sendall(b"12345678")
    assert stream.read(5) == b"12345"
    server.sendall(b"90")
    assert stream.read(5) == b"67890"


def test_a_server_that_hangs_up_leaves_less_to_read(
    ends: tuple[Stream, socket.socket],
) -> None:
    stream, server = ends
    server.sendall(b"123")
    server.close()
    assert stream.read(5) == b"123"
    assert stream.read(5) == b""
