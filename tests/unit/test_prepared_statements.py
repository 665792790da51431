"""A prepared statement's messages, cut at every byte."""

import socket
import struct
import threading
from collections.abc import Iterator

import pytest
from pg8000.native import DatabaseError

from minitwit.postgres.prepared_statements import PreparedStatement
from minitwit.postgres.stream import Stream

NAME = b"one\0"
ROW = b"D" + struct.pack(">iHi", 18, 2, 2) + b"ab" + struct.pack(">i", 2) + b"17"
ROWS = b"".join(
    (
        b"2\0\0\0\x04",
        ROW,
        b"D" + struct.pack(">iHii", 14, 2, -1, 0),
        b"C\0\0\0\x0dSELECT 2\0",
    )
)
READY = b"Z\0\0\0\x05I"
NOTICE = b"N\0\0\0\x0bMoops\0\0"
ERROR = b"E\0\0\0\x0cC22023\0\0"


class Statement:
    """What pg8000 returns for a statement that it prepared."""

    name_bin = NAME
    statement = "SELECT"
    cols = ()
    input_funcs = (str, lambda text: text or None)

    @staticmethod
    def make_vals(parameters: dict[str, object]) -> tuple[object, ...]:
        """Return the parameters in the statement's order."""
        return tuple(parameters.values())


class Connection:
    """As much of pg8000 as a statement needs."""

    def __init__(self, stream: Stream) -> None:
        self.py_types = {str: str, int: str, type(None): lambda _: None}
        self.stream = stream
        self.left: bytes = b""
        self.error: Exception | None = None

    def prepare(self, _text: str) -> Statement:
        """Prepare nothing."""
        return Statement()

    def handle_messages(self, _context: object) -> None:
        """Take what was left to it."""
        while not self.left.endswith(READY):
            self.left += self.stream.read(1)
        if self.error:
            raise self.error


@pytest.fixture
def ends() -> Iterator[tuple[Connection, PreparedStatement, socket.socket]]:
    here, there = socket.socketpair()
    with here, there:
        stream = Stream(here, timeout=5)
        connection = Connection(stream)
        yield connection, PreparedStatement(connection, stream, "SELECT"), there


def test_a_statement_is_one_message(
    ends: tuple[Connection, PreparedStatement, socket.socket],
) -> None:
    _, prepared, server = ends
    server.sendall(b"2\0\0\0\x04C\0\0\0\x0dINSERT 0\0" + READY)
    assert prepared.run({"a": "é", "b": None, "c": -5}) == []
    values = b"\0\0\0\x02\xc3\xa9" + b"\xff\xff\xff\xff" + b"\0\0\0\x02-5"
    bind = b"\0" + NAME + b"\0\0" + b"\0\x03" + values + b"\0\0"
    assert server.recv(1000) == (
        b"B"
        + struct.pack(">i", len(bind) + 4)
        + bind
        + b"E\0\0\0\x09\0\0\0\0\0"
        + b"S\0\0\0\x04"
    )


@pytest.mark.parametrize("cut", range(1, len(ROWS + READY)))
def test_an_answer_may_come_in_two_pieces(
    ends: tuple[Connection, PreparedStatement, socket.socket], cut: int
) -> None:
    _, prepared, server = ends
    answer = ROWS + READY
    server.sendall(answer[:cut])
    late = threading.Timer(0.001, server.sendall, [answer[cut:]])
    late.start()
    assert prepared.run({}) == [["ab", "17"], [None, None]]
    late.join()


def test_the_answer_from_a_notice_on_is_left_to_pg8000_and_the_rows_are_kept(
    ends: tuple[Connection, PreparedStatement, socket.socket],
) -> None:
    connection, prepared, server = ends
    server.sendall(ROWS + NOTICE + READY)
    assert prepared.run({}) == [["ab", "17"], [None, None]]
    assert connection.left == NOTICE + READY


def test_an_error_is_raised_as_pg8000_raises_it(
    ends: tuple[Connection, PreparedStatement, socket.socket],
) -> None:
    connection, prepared, server = ends
    connection.error = DatabaseError({"C": "22023"})
    server.sendall(b"2\0\0\0\x04" + ERROR + READY)
    with pytest.raises(DatabaseError):
        prepared.run({})
    assert connection.left == ERROR + READY


def test_a_server_that_hangs_up_amid_an_answer_is_lost(
    ends: tuple[Connection, PreparedStatement, socket.socket],
) -> None:
    _, prepared, server = ends
    server.sendall(ROWS[:20])
    server.shutdown(socket.SHUT_WR)
    with pytest.raises(ConnectionError):
        prepared.run({})


def test_rows_that_come_again_are_equal_and_not_shared(
    ends: tuple[Connection, PreparedStatement, socket.socket],
) -> None:
    _, prepared, server = ends
    for _ in range(2):
        server.sendall(b"2\0\0\0\x04" + 3 * ROW + READY)
        rows = prepared.run({})
        assert rows == 3 * [["ab", "17"]]
        for values in rows:
            values.clear()


def test_rows_of_other_types_are_other_values(
    ends: tuple[Connection, PreparedStatement, socket.socket],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection, texts, server = ends
    monkeypatch.setattr(Statement, "input_funcs", (str, int))
    numbers = PreparedStatement(connection, connection.stream, "SELECT")
    for prepared, values in ((texts, ["ab", "17"]), (numbers, ["ab", 17])):
        server.sendall(b"2\0\0\0\x04" + 2 * ROW + READY)
        assert prepared.run({}) == 2 * [values]
