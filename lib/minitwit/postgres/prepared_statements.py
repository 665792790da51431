"""Prepared statements: Bind, Execute and Sync in one write, one pass over the answer.

pg8000 prepares a statement and converts the values that it returns. It could run it as
well, but reads an answer message by message, each in two reads.

The messages: https://www.postgresql.org/docs/18/protocol-message-formats.html
"""

from collections.abc import Callable
from functools import lru_cache
from struct import Struct
from typing import Any

from pg8000.converters import make_params
from pg8000.core import Context
from pg8000.native import Connection, InterfaceError

from minitwit.postgres.stream import Stream

Row = list[Any]
_Converters = tuple[Callable[[str], Any], ...]

_HEADER = Struct(">cI")  # a message's kind, and its size without the kind
_INT16 = Struct(">H")
_INT32 = Struct(">i")

_NULL = _INT32.pack(-1)
_TEXT_FORMAT = _INT16.pack(0)
_EXECUTE_AND_SYNC = b"E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04"

# Successive pages have most of their messages in common, so the rows of lists are kept
# decoded, and take a tenth of the time. They are six megabytes if all are as long and
# every character takes four bytes.
_CACHED_ROWS = 2048
_MAX_CACHED_ROW = 512  # bytes; most messages are shorter

_BIND_COMPLETE, _DATA_ROW, _COMMAND_COMPLETE, _READY = b"2", b"D", b"C", b"Z"
_ERROR = b"E"

# The SQLSTATE field of the error with which the server ends a connection: it stops, or
# pg_terminate_backend() was called. A field begins with its letter, ends with a zero.
_ADMIN_SHUTDOWN = b"\0C57P01\0"


class NotBegun(InterfaceError):  # type: ignore[misc]
    """The server ended the connection before it began the statement."""


class PreparedStatement:
    """A statement prepared on a connection.

    Args:
        connection: on which it is prepared.
        stream: under the connection.
        text: the statement, with `:name` for each parameter.

    """

    def __init__(self, connection: Connection, stream: Stream, text: str) -> None:
        self._connection = connection
        self._stream = stream
        self._statement = connection.prepare(text)
        # The name ends in a zero itself; the portal's, before it, is empty.
        self._head = b"\0" + self._statement.name_bin + _TEXT_FORMAT
        self._converters = tuple(self._statement.input_funcs)

    def run(self, parameters: dict[str, Any]) -> list[Row]:
        """Run it and return its rows.

        Raises:
            DatabaseError: the server refuses.
            NotBegun: nothing was executed, and the connection can no longer be used.
            InterfaceError, OSError: the connection can no longer be used.

        """
        self._stream.send(self._message(parameters))
        return self._rows()

    def _message(self, parameters: dict[str, Any]) -> bytes:
        values = self._statement.make_vals(parameters)
        parts = [self._head, _INT16.pack(len(values))]
        for text in make_params(self._connection.py_types, values):
            if text is None:
                parts.append(_NULL)
            else:
                value = text.encode()
                parts += _INT32.pack(len(value)), value
        parts.append(_TEXT_FORMAT)
        bind = b"".join(parts)
        return _HEADER.pack(b"B", len(bind) + 4) + bind + _EXECUTE_AND_SYNC

    def _rows(self) -> list[Row]:
        rows: list[Row] = []
        answer, start = self._stream.receive(), 0
        while True:
            end = start + _HEADER.size
            if end <= len(answer):
                kind, size = _HEADER.unpack_from(answer, start)
                end = start + 1 + size
            if end > len(answer):
                # In one step, as each would copy a large row once more.
                answer += self._stream.receive(end - len(answer))
            elif kind == _DATA_ROW:
                start += _HEADER.size
                if rows and size <= _MAX_CACHED_ROW:
                    row = _cached_row(answer[start:end], self._converters)
                    rows.append(list(row))
                else:
                    rows.append(_row(answer, start, self._converters))
                start = end
            elif kind in (_BIND_COMPLETE, _COMMAND_COMPLETE):
                start = end
            elif kind == _READY:
                return rows
            else:
                return self._delegate_to_pg8000(answer, start, rows)

    def _delegate_to_pg8000(
        self, answer: bytes, start: int, rows: list[Row]
    ) -> list[Row]:
        """Let pg8000 handle the rest of the answer.

        It starts with an ErrorResponse, a NoticeResponse or a ParameterStatus.
        """
        # Messages come in order, and not even Bind was answered.
        if start == 0 and answer.startswith(_ERROR) and _ADMIN_SHUTDOWN in answer:
            raise NotBegun
        self._stream.push_back(answer[start:])
        context = Context(
            self._statement.statement,
            columns=self._statement.cols,
            input_funcs=self._statement.input_funcs,
        )
        context.rows = rows
        self._connection.handle_messages(context)
        return rows


def _row(answer: bytes, at: int, converters: _Converters) -> Row:
    """Return the values of a DataRow.

    Args:
        answer: what the message is in.
        at: where it begins there, behind its header.
        converters: of each column, from its text.

    """
    row: Row = []
    at += _INT16.size  # The number of columns is known.
    for convert in converters:
        (size,) = _INT32.unpack_from(answer, at)
        at += _INT32.size
        if size < 0:
            row.append(None)
        else:
            row.append(convert(answer[at : at + size].decode()))
            at += size
    return row


@lru_cache(_CACHED_ROWS)
def _cached_row(message: bytes, converters: _Converters) -> tuple[Any, ...]:
    return tuple(_row(message, 0, converters))
