"""Request and response models, and the values that pages show.

The API description derives from them: names, limits and descriptions here are what
/openapi.json shows.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from minitwit.text.fields import (
    MAX_CONTENT,
    MAX_EMAIL,
    MAX_USERNAME,
    Content,
    Email,
    Password,
    Username,
    refused,
)

DEFAULT_LIMIT = 100  # entries of a list
MAX_LIMIT = 1000  # entries of a list

_WORD = r"[^/\s\x00-\x1f\x7f-\x9f]+"


def _text(longest: int, pattern: str) -> dict[str, Any]:
    return {"minLength": 1, "maxLength": longest, "pattern": pattern}


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
    email: Email = Field(
        description="An address with an @, of printable characters.",
        examples=["roger@example.org"],
        json_schema_extra=_text(MAX_EMAIL, "@"),
    )
    password: Password = Field(
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
            raise refused("Name a user in follow or in unfollow")
        return self


class Message(BaseModel):
    """A message as the API shows it."""

    content: str = Field(examples=["Hello, world!"])
    pub_date: int = Field(description="Unix seconds.", examples=[1764355200])
    user: str = Field(description="The author's username.", examples=["Roger Histand"])


class Follows(BaseModel):
    """The users that a user follows, oldest follow first."""

    follows: list[str] = Field(examples=[["Roger Histand"]])


class Latest(BaseModel):
    """The simulator's progress mark; -1 before any."""

    latest: int = Field(examples=[42])


class ErrorBody(BaseModel):
    """An error, with the same code as the status line."""

    status: int = Field(examples=[404])
    error_msg: str = Field(examples=["There is no user of that name."])


@dataclass(frozen=True, slots=True)
class Account:
    """A registered user."""

    id: int
    username: str
    is_suspended: bool = False


@dataclass(frozen=True, slots=True)
class VerifiedAccount:
    """An account whose password was verified or set a moment ago.

    Args:
        account: itself.
        password_hash: of that password; another one is stored once it is changed.

    """

    account: Account
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reader:
    """The reader of a page.

    Args:
        account: of the reader; None when not signed in.
        is_moderator: whether the reader may hide messages, and sees hidden ones.
        is_busy: whether the reader follows so many users that a page of their messages
            is probably among the newest of all.
        reported: for a moderator, how many messages have open reports, up to a limit.
        unseen_mentions: how many mentions the reader has not seen, up to a limit.

    """

    account: Account | None
    is_moderator: bool = False
    is_busy: bool = False
    reported: int = 0
    unseen_mentions: int = 0


class Post(NamedTuple):
    """A message on a page; a tuple, because every page creates thirty."""

    id: int
    username: str
    content: str
    pub_date: int  # Unix seconds
    is_hidden: bool = False


class ReportedMessage(NamedTuple):
    """A message that readers have reported to the moderators."""

    post: Post
    reports: int  # how many readers have reported it
    first_reported_at: int  # Unix seconds


@dataclass(frozen=True, slots=True)
class Person:
    """A user in a list of follows, and the place in it."""

    place: int
    username: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a timeline: a page continues there, with older or newer messages."""

    pub_date: int
    id: int
    is_newer: bool = False
