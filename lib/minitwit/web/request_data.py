"""Parses requests: JSON bodies, forms, numbers, cursors and URLs of this site."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import falcon
from falcon.routing import BaseConverter
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from minitwit.errors import InvalidInput, UnknownMessage
from minitwit.models import DEFAULT_LIMIT, MAX_LIMIT, Cursor, Incoming
from minitwit.server.request_parser import MAX_BODY
from minitwit.users import Users
from minitwit.web.content_negotiation import media_type
from minitwit.web.request_errors import BodyTooLarge, UnsupportedBody

# Only ASCII digits: int() would also accept "1_000", " 5" and full-width digits, and
# raises for more than 4300 of them.
_INTEGER = re.compile(r"-?[0-9]{1,4000}")
# An imported message may have a date before 1970 and a negative id.
_CURSOR = re.compile(r"(-?[0-9]{1,19})-(-?[0-9]{1,19})")
_BIGINT = range(-(2**63), 2**63)
# Matched, not parsed: urlsplit() raises for some texts that a header may hold.
_URL = re.compile(r"https?://([^/?#\\]+)(/[^#]*)?(?:#.*)?", re.IGNORECASE | re.DOTALL)
# Two slashes, or a slash and a backslash, would lead to another host.
_LOCAL_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")

_CHARSETS = ("", "utf-8", "utf8", "us-ascii")

M = TypeVar("M", bound=Incoming)


def json_body(req: falcon.Request, model: type[M]) -> M:
    """Return the JSON body as a model.

    Raises:
        UnsupportedBody: Content-Type names another type or charset.
        BodyTooLarge: it is over MAX_BODY bytes.
        InvalidInput: it is not JSON, no object, or a field is missing or wrong.

    """
    _require_type(req, falcon.MEDIA_JSON)
    try:
        return model.model_validate_json(_read(req))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        raise InvalidInput(_worded(fault, model)) from None


def form(req: falcon.Request) -> dict[str, str]:
    """Return the fields of a browser's form; of a repeated field the last.

    Raises:
        UnsupportedBody: Content-Type names another type or charset.
        BodyTooLarge: it is over MAX_BODY bytes.

    """
    if "form" not in req.context:
        _require_type(req, falcon.MEDIA_URLENCODED)
        fields = falcon.uri.parse_query_string(
            _read(req).decode("utf-8", "replace"), keep_blank=True
        )
        req.context.form = {
            name: _with_plain_breaks(value[-1] if isinstance(value, list) else value)
            for name, value in fields.items()
        }
    typed: dict[str, str] = req.context.form
    return typed


def form_model(req: falcon.Request, model: type[M], renamed: Mapping[str, str]) -> M:
    """Return a browser's form as a model.

    Args:
        req: the request.
        model: the fields that the form must have.
        renamed: maps names of the form's fields to the model's, where they differ.

    Raises:
        InvalidInput: a field is missing or wrong; names it as the form does.

    """
    fields = form(req)
    try:
        return model.model_validate(
            {renamed.get(name, name): value for name, value in fields.items()}
        )
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        named = {of_model: of_form for of_form, of_model in renamed.items()}
        field = str(fault["loc"][0]) if fault["loc"] else ""
        message = _worded(fault, model)
        raise InvalidInput(message, named.get(field, field)) from None


def _with_plain_breaks(text: str) -> str:
    """Undo what browsers do to a text area: each line break is sent as CR LF."""
    return text.replace("\r\n", "\n")


@contextmanager
def unknown_user_first(users: Users, username: str) -> Iterator[None]:
    """Raise UnknownUser instead of a fault of the body when the user does not exist.

    The statement that writes looks the user up itself, so a lookup is needed only when
    a bad body keeps that statement from running.
    """
    try:
        yield
    except (InvalidInput, UnsupportedBody, BodyTooLarge):
        users.find(username)
        raise


def integer(text: str | None) -> int | None:
    """Return the integer that a parameter spells in ASCII digits, or None."""
    return int(text) if text and _INTEGER.fullmatch(text) else None


class DecimalField(BaseConverter):
    """Field of a path: an integer in its one decimal spelling, so one address."""

    def convert(self, value: str) -> int | None:
        """Return the integer; None for a path that does not match."""
        number = integer(value)
        if number is None or number not in _BIGINT or str(number) != value:
            return None
        return number


def message_id(req: falcon.Request) -> int:
    """Return the id of a message that a form names.

    Raises:
        UnknownMessage: no message has such an id.

    """
    number = DecimalField().convert(form(req).get("id", ""))
    if number is None:
        raise UnknownMessage
    return number


def limit(req: falcon.Request) -> int:
    """Return how many entries `no` requests."""
    number = integer(req.get_param("no"))
    if number is None or number < 0:
        return DEFAULT_LIMIT
    return min(number, MAX_LIMIT)


def cursor(req: falcon.Request, parameter: str = "before") -> Cursor | None:
    """Return the place in a timeline that a parameter names, or None."""
    match = _CURSOR.fullmatch(req.get_param(parameter) or "")
    if not match:
        return None
    place = Cursor(int(match[1]), int(match[2]))
    return place if place.pub_date in _BIGINT and place.id in _BIGINT else None


def page_start(req: falcon.Request) -> Cursor | None:
    """Return where a page of a timeline begins: `before` or `after` a message."""
    if newer := cursor(req, "after"):
        return Cursor(newer.pub_date, newer.id, is_newer=True)
    return cursor(req)


def place(req: falcon.Request) -> int | None:
    """Return the place in a list of people or reports that `before` names, or None."""
    number = integer(req.get_param("before"))
    return number if number is not None and number in range(2**63) else None


def path_of_own_url(req: falcon.Request, url: str) -> str | None:
    """Return path and query of a URL of this site; None for any other text."""
    match = _URL.fullmatch(url)
    if match is None or match[1].lower() != (req.get_header("Host") or "").lower():
        return None
    return match[2] or "/"


def is_local_path(text: str) -> bool:
    """Return whether a text is an encoded path of this site, safe to redirect to."""
    return _LOCAL_PATH.fullmatch(text) is not None


def _require_type(req: falcon.Request, expected: str) -> None:
    kind, charset = media_type(req)
    if kind not in ("", expected):
        raise UnsupportedBody(f"Send {expected}, not {kind}.")
    if charset not in _CHARSETS:
        raise UnsupportedBody(f"Send {expected} in UTF-8, not in {charset}.")


def _read(req: falcon.Request) -> bytes:
    if (req.content_length or 0) > MAX_BODY:
        raise BodyTooLarge(f"The body is larger than {MAX_BODY} bytes.")
    # Read one extra byte to detect an oversized body without Content-Length.
    body: bytes = req.stream.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        raise BodyTooLarge(f"The body is larger than {MAX_BODY} bytes.")
    return body


def _worded(fault: ErrorDetails, model: type[Incoming]) -> str:
    """Word a fault; pydantic's own message may echo the input."""
    if fault["type"] == "json_invalid":
        return "The body is not valid JSON."
    if fault["type"] == "refused":
        return fault["msg"]
    if not fault["loc"]:
        return "The body must be a JSON object."
    return model.wording[str(fault["loc"][0])]
