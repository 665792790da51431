"""Parameters that several commands have: the address, numbers that are finite."""

import math
from typing import Any

import click

MAX_ID = 2**63 - 1  # What PostgreSQL's bigint holds.

url_option = click.option(
    "--url",
    required=True,
    envvar="MINITWIT_URL",
    help="Base URL, for example http://localhost:5000.  [default: $MINITWIT_URL]",
)

message_id_argument = click.argument(
    "message_id", type=click.IntRange(1, MAX_ID), metavar="ID"
)


class _Text(click.ParamType[str]):
    """Text; a shell can pass bytes that are not UTF-8."""

    name = "text"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str:
        """Return the text."""
        try:
            value.encode()
        except UnicodeEncodeError:
            self.fail(f"{value!r} is not UTF-8.", param, ctx)
        return str(value)


username_argument = click.argument("username", type=_Text(), metavar="NAME")


class FiniteRange(click.FloatRange):
    """A number within bounds; click's own range lets "nan" pass."""

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Read the number."""
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


# Sockets take neither an infinite time-out nor one of centuries.
SECONDS = FiniteRange(min=0.001, max=3600)
SPEED = FiniteRange(min=0.001, max=1e9)
