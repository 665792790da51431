"""Lets llhttp parse requests with methods that it does not know.

llhttp has a list of methods, whereas any token is one (RFC 9110, 9.1), which the
application has to refuse with a 405. Behind another request in the same piece of data
it is a 400 all the same: httptools does not say where in the piece a request begins.
"""

import re

_KNOWN = frozenset(
    (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE")
)
_STAND_IN = b"PURGE"
# Falcon has this name for itself, and answers it before any middleware runs. In lower
# case it is an unknown method.
_RESERVED = {"WEBSOCKET": "websocket"}
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LONGEST = 32  # bytes


def with_known_method(data: bytes) -> tuple[bytes, str | None] | None:
    """Put a method that llhttp knows in place of one that it does not know.

    Args:
        data: the beginning of a request.

    Returns:
        what to parse, and the request's method if it was replaced; None while the
        method is incomplete.

    """
    end = data.find(b" ", 0, _LONGEST + 1)
    method = data[:end] if end >= 0 else data
    if end >= 0 and method in _KNOWN:
        return data, None
    if data and (len(method) > _LONGEST or not _TOKEN.fullmatch(method)):
        return data, None  # llhttp refuses it.
    if end < 0:
        return None
    name = method.decode("ascii")
    return _STAND_IN + data[end:], _RESERVED.get(name, name)
