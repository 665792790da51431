"""Request and response models, and the values that pages show.

The API description derives from them: names, limits and descriptions here are what
/openapi.json shows.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

MAX_USERNAME = 100  # characters
MAX_EMAIL = 320  # characters: 64 before the @ and 255 behind it (RFC 3696, errata)
MAX_CONTENT = 1000  # characters
DEFAULT_LIMIT = 100  # entries of a list
MAX_LIMIT = 1000  # entries of a list

_CONTROL = "Cc"
_WORD = r"[^/\s\x00-\x1f\x7f-\x9f]+"
_VISIBLE_ASCII = re.compile("[!-~]")


def _refuse(message: str) -> PydanticCustomError:
    return PydanticCustomError("refused", "{message}", {"message": message})


def _username(value: str) -> str:
    if not value.strip():
        raise _refuse("You have to enter a username")
    if len(value) > MAX_USERNAME:
        raise _refuse(f"The username is longer than {MAX_USERNAME} characters")
    if "/" in value:
        raise _refuse("The username must not contain a slash")
    if any(unicodedata.category(character) == _CONTROL for character in value):
        raise _refuse("The username must not contain control characters")
    if value != " ".join(value.split()):
        raise _refuse("The username may hold single spaces only, and only inside it")
    if not value.isascii():
        from minitwit.text.unicode_rules import username_fault

        if fault := username_fault(value):
            raise _refuse(fault)
    return value


def _email(value: str) -> str:
    if "@" not in value or len(value) > MAX_EMAIL or not value.isprintable():
        raise _refuse("You have to enter a valid email address")
    return value


def _password(value: str) -> str:
    if not value:
        raise _refuse("You have to enter a password")
    return value


def _content(value: str) -> str:
    if not _VISIBLE_ASCII.search(value) and _is_blank(value):
        raise _refuse("You have to enter a message")
    if len(value) > MAX_CONTENT:
        raise _refuse(f"The message is longer than {MAX_CONTENT} characters")
    if "\x00" in value:
        raise _refuse("The message must not contain NUL characters")
    return value


def _is_blank(value: str) -> bool:
    if value.isascii():
        return True
    # Imported only for a text without any visible ASCII character.
    from minitwit.text.unicode_rules import is_blank

    return is_blank(value)


def _text(longest: int, pattern: str) -> dict[str, Any]:
    return {"minLength": 1, "maxLength": longest, "pattern": pattern}


Username = Annotated[str, AfterValidator(_username)]
Content = Annotated[str, AfterValidator(_content)]


class Incoming(BaseModel):
    """A request's body: types are exact, unknown fields are ignored."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    # The message for each field that is missing or not a string, in the order in which
    # the fields are checked.
    wording: ClassVar[dict[str, str]] = {}


class Registration(Incoming):
    """A new account."""

    wording: ClassVar[dict[str, str]] = {
        "username": "You have to enter a username",
        "email": "You have to enter a valid email address",
        "pwd": "You have to enter a password",
    }

    username: Username = Field(
        description=f"1 to {MAX_USERNAME} visible characters with one spelling: NFC, "
        "single spaces inside only, no slash, no control characters, and no scripts "
        "mixed but as UTS 39 calls highly restrictive.",
        examples=["Roger Histand"],
        json_schema_extra=_text(MAX_USERNAME, f"^{_WORD}( {_WORD})*$"),
    )
    email: Annotated[str, AfterValidator(_email)] = Field(
        description="An address with an @, of printable characters.",
        examples=["roger@example.org"],
        json_schema_extra=_text(MAX_EMAIL, "@"),
    )
    password: Annotated[str, AfterValidator(_password)] = Field(
        alias="pwd", examples=["s3cret"], json_schema_extra={"minLength": 1}
    )


class NewMessage(Incoming):
    """A message to post."""

    wording: ClassVar[dict[str, str]] = {"content": "You have to enter a message"}

    content: Content = Field(
        description=f"1 to {MAX_CONTENT} characters, one of them visible; kept as is.",
        examples=["Hello, world!"],
        json_schema_extra=_text(MAX_CONTENT, r"\S"),
    )


class FollowChange(Incoming):
    """A user to follow or to unfollow; `follow` wins when both are given."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": [field], "properties": {field: {"type": "string"}}}
                for field in ("follow", "unfollow")
            ]
        }
    )

    wording: ClassVar[dict[str, str]] = {
        "follow": "follow must be a username",
        "unfollow": "unfollow must be a username",
    }

    follow: str | None = Field(default=None, examples=["Roger Histand"])
    unfollow: str | None = Field(default=None, examples=["Roger Histand"])

    @model_validator(mode="after")
    def _names_a_user(self) -> Self:
        if self.follow is None and self.unfollow is None:
            raise _refuse("Name a user in follow or in unfollow")
        return self


class Message(BaseModel):
    """A message as the API shows it."""

    content: str
    pub_date: int = Field(description="Unix seconds.")
    user: str = Field(description="The author's username.")


class Follows(BaseModel):
    """The users that a user follows, oldest follow first."""

    follows: list[str]


class Latest(BaseModel):
    """The simulator's progress mark; -1 before any."""

    latest: int


class ErrorBody(BaseModel):
    """An error, with the same code as the status line."""

    status: int
    error_msg: str


@dataclass(frozen=True, slots=True)
class Account:
    """A registered user."""

    id: int
    username: str


@dataclass(frozen=True, slots=True)
class Reader:
    """The reader of a page.

    Args:
        account: of the reader; None when not signed in.
        is_moderator: whether the reader may hide messages, and sees hidden ones.
        is_busy: whether the reader follows so many users that a page of their messages
            is probably among the newest of all.

    """

    account: Account | None
    is_moderator: bool = False
    is_busy: bool = False


class Post(NamedTuple):
    """A message on a page; a tuple, because every page creates thirty."""

    id: int
    username: str
    content: str
    pub_date: int  # Unix seconds
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A user in a list of follows, and the place in it."""

    place: int
    username: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many messages, followed users and followers a user has."""

    messages: int
    followed: int
    followers: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a timeline: the page continues with older messages."""

    pub_date: int
    id: int
