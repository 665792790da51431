"""Reads and writes scenario files: one action a line.

Tab-separated UTF-8 without any quoting. Columns: id, delay, timestamp, command,
username, argument and, for `register` alone, password.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, Literal, get_args

from minitwit.errors import MiniTwitError

Command = Literal["register", "tweet", "follow", "unfollow"]
COMMANDS: tuple[Command, ...] = get_args(Command)

_COLUMNS = ("id", "delay", "timestamp", "command", "username", "argument")


class InvalidScenario(MiniTwitError):
    """The scenario cannot be read."""


@dataclass(frozen=True, slots=True)
class Action:
    """One action of one user."""

    id: int
    delay: int  # milliseconds since the action before
    timestamp: int  # Unix milliseconds
    command: Command
    username: str
    argument: str  # of register the e-mail, of tweet the text, else the other user
    password: str | None = None


def read(file: BinaryIO) -> list[Action]:
    """Read a whole scenario, so that a fault is found before anything is sent.

    Raises:
        InvalidScenario: a line is malformed, or there is none.

    """
    actions = []
    # A binary file ends lines at \n alone; a text file, and str.splitlines even more
    # so, would also cut messages at characters that are part of them.
    for number, line in enumerate(file, start=1):
        try:
            actions.append(_parse(line))
        except ValueError as error:
            raise InvalidScenario(f"line {number} of the scenario: {error}") from None
    if not actions:
        raise InvalidScenario("the scenario has no actions; is it the right file?")
    return actions


def write(actions: Iterable[Action], file: BinaryIO) -> None:
    """Write a scenario in the form that `read` and the simulator understand.

    Raises:
        InvalidScenario: a field holds a tab or a line break, which the format cannot.

    """
    for action in actions:
        file.write(_format(action).encode())


def _parse(line: bytes) -> Action:
    fields = line.rstrip(b"\r\n").decode().split("\t")
    registers = fields[3:4] == ["register"]
    columns = (*_COLUMNS, "password") if registers else _COLUMNS
    if len(fields) != len(columns):
        raise ValueError(
            f"expected {len(columns)} columns with tabs between them "
            f"({', '.join(columns)}), found {len(fields)}"
        )
    command = fields[3]
    if command not in COMMANDS:
        raise ValueError(f"{command!r} is none of {', '.join(COMMANDS)}")
    if not fields[4]:
        raise ValueError("the username is empty")
    return Action(
        id=_number("id", fields[0]),
        delay=_number("delay", fields[1]),
        timestamp=_number("timestamp", fields[2]),
        command=command,
        username=fields[4],
        argument=fields[5],
        password=fields[6] if registers else None,
    )


def _number(name: str, field: str) -> int:
    if not (field.isascii() and field.isdigit()):
        raise ValueError(f"the {name} {field!r} is not a whole number")
    return int(field)


def _format(action: Action) -> str:
    fields = [str(action.id), str(action.delay), str(action.timestamp)]
    fields += [action.command, action.username, action.argument]
    if action.password is not None:
        fields.append(action.password)
    line = "\t".join(fields)
    if line.count("\t") != len(fields) - 1 or "\n" in line or "\r" in line:
        raise InvalidScenario(f"action {action.id} holds a tab or a line break")
    return line + "\n"
