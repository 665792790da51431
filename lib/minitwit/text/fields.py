"""Validation of text fields: usernames, e-mail addresses, passwords, messages."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

MAX_USERNAME = 100  # characters
MAX_EMAIL = 320  # characters: 64 before the @ and 255 behind it (RFC 3696, errata)
MAX_CONTENT = 1000  # characters

_CONTROL = "Cc"
_VISIBLE_ASCII = re.compile("[!-~]")


def refused(message: str) -> PydanticCustomError:
    """Return the error of a value that is refused, with a message for its sender."""
    return PydanticCustomError("refused", "{message}", {"message": message})


def _username(value: str) -> str:
    if not value.strip():
        raise refused("You have to enter a username")
    if len(value) > MAX_USERNAME:
        raise refused(f"The username is longer than {MAX_USERNAME} characters")
    if "/" in value:
        raise refused("The username must not contain a slash")
    if any(unicodedata.category(character) == _CONTROL for character in value):
        raise refused("The username must not contain control characters")
    if value != " ".join(value.split()):
        raise refused("The username may hold single spaces only, and only inside it")
    if not value.isascii():
        from minitwit.text.unicode_rules import username_fault

        if fault := username_fault(value):
            raise refused(fault)
    return value


def _email(value: str) -> str:
    if "@" not in value or len(value) > MAX_EMAIL or not value.isprintable():
        raise refused("You have to enter a valid email address")
    return value


def _password(value: str) -> str:
    if not value:
        raise refused("You have to enter a password")
    return value


def _content(value: str) -> str:
    if not _VISIBLE_ASCII.search(value) and _is_blank(value):
        raise refused("You have to enter a message")
    if len(value) > MAX_CONTENT:
        raise refused(f"The message is longer than {MAX_CONTENT} characters")
    if "\x00" in value:
        raise refused("The message must not contain NUL characters")
    return value


def _is_blank(value: str) -> bool:
    if value.isascii():
        return True
    # Imported only for a text without any visible ASCII character.
    from minitwit.text.unicode_rules import is_blank

    return is_blank(value)


Username = Annotated[str, AfterValidator(_username)]
Email = Annotated[str, AfterValidator(_email)]
Password = Annotated[str, AfterValidator(_password)]
Content = Annotated[str, AfterValidator(_content)]
