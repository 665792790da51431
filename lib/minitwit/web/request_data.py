"""What a request carries: its body, its form and its numbers."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import falcon
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from minitwit.errors import InvalidInput
from minitwit.models import DEFAULT_LIMIT, MAX_LIMIT, Cursor, Incoming
from minitwit.server.request_parser import MAX_BODY
from minitwit.users import Users
from minitwit.web.request_errors import BodyTooLarge, UnsupportedBody

# Only ASCII digits: int() would also take "1_000", " 5" and full-width digits. It
# refuses more than 4300 of them.
_INTEGER = re.compile(r"-?[0-9]{1,4000}")
# An imported message may have a date before 1970 and a negative id.
_CURSOR = re.compile(r"(-?[0-9]{1,19})-(-?[0-9]{1,19})")
_BIGINT = range(-(2**63), 2**63)

M = TypeVar("M", bound=Incoming)


def json_body(req: falcon.Request, model: type[M]) -> M:
    """Return the JSON body as a model.

    Raises:
        UnsupportedBody: the body says that it is something else.
        BodyTooLarge: it is over MAX_BODY bytes.
        InvalidInput: it is not JSON, no object, or a field is missing or wrong.

    """
    kind = (req.content_type or falcon.MEDIA_JSON).partition(";")[0].strip().lower()
    if kind != falcon.MEDIA_JSON:
        raise UnsupportedBody(f"Send {falcon.MEDIA_JSON}, not {kind}.")
    try:
        return model.model_validate_json(_read(req))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        raise InvalidInput(_worded(fault, model)) from None


def form(req: falcon.Request) -> dict[str, str]:
    """Return the fields of a browser's form; of repeated ones the last.

    Raises:
        UnsupportedBody: the body says that it is something else.
        BodyTooLarge: it is over MAX_BODY bytes.

    """
    if "form" not in req.context:
        kind = (req.content_type or falcon.MEDIA_URLENCODED).partition(";")[0]
        if kind != falcon.MEDIA_URLENCODED:
            raise UnsupportedBody(f"Send {falcon.MEDIA_URLENCODED}, not {kind}.")
        fields = falcon.uri.parse_query_string(
            _read(req).decode("utf-8", "replace"), keep_blank=True
        )
        req.context.form = {
            name: value[-1] if isinstance(value, list) else value
            for name, value in fields.items()
        }
    typed: dict[str, str] = req.context.form
    return typed


def form_model(req: falcon.Request, model: type[M], renamed: Mapping[str, str]) -> M:
    """Return a browser's form as a model.

    Args:
        req: the request.
        model: what the form has to hold.
        renamed: the form's name of a field, where it has one of its own.

    Raises:
        InvalidInput: a field is missing or wrong.

    """
    fields = form(req)
    try:
        return model.model_validate(
            {renamed.get(name, name): value for name, value in fields.items()}
        )
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        raise InvalidInput(_worded(fault, model)) from None


@contextmanager
def unknown_user_first(users: Users, username: str) -> Iterator[None]:
    """Let a bad body count only if the user exists.

    The statement that does the work looks the user up itself, which saves a round
    trip; only when it is never reached does somebody have to ask.
    """
    try:
        yield
    except (InvalidInput, UnsupportedBody, BodyTooLarge):
        users.find(username)
        raise


def integer(text: str | None) -> int | None:
    """Return the integer that a parameter spells in ASCII digits, or None."""
    return int(text) if text and _INTEGER.fullmatch(text) else None


def limit(req: falcon.Request) -> int:
    """Return how many entries `no` asks for."""
    number = integer(req.get_param("no"))
    if number is None or number < 0:
        return DEFAULT_LIMIT
    return min(number, MAX_LIMIT)


def cursor(req: falcon.Request, parameter: str = "before") -> Cursor | None:
    """Return the place in a timeline that a parameter names."""
    match = _CURSOR.fullmatch(req.get_param(parameter) or "")
    if not match:
        return None
    place = Cursor(int(match[1]), int(match[2]))
    return place if place.pub_date in _BIGINT and place.id in _BIGINT else None


def _read(req: falcon.Request) -> bytes:
    if (req.content_length or 0) > MAX_BODY:
        raise BodyTooLarge(f"The body is larger than {MAX_BODY} bytes.")
    # One byte more tells a body without a length that is too large.
    body: bytes = req.stream.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        raise BodyTooLarge(f"The body is larger than {MAX_BODY} bytes.")
    return body


def _worded(fault: ErrorDetails, model: type[Incoming]) -> str:
    """Say what is wrong in our words: a library's may echo what was sent."""
    if fault["type"] == "json_invalid":
        return "The body is not valid JSON."
    if fault["type"] == "refused":
        return fault["msg"]
    if not fault["loc"]:
        return "The body must be a JSON object."
    return model.wording[str(fault["loc"][0])]
