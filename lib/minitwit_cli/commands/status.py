"""`minitwit status`: how a MiniTwit looks from outside, without any rights."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

import click
import httpx
from rich.console import Console
from rich.table import Table

# A request that changes nothing for each function, and what it says to a stranger.
_PROBES = {
    "register": ("/logout", 303),
    "follow": ("/fllws/anybody", 403),
    "messages": ("/latest", 200),
    "timeline": ("/public", 200),
}


@dataclass(frozen=True)
class Answer:
    """What a function's probe was answered, and how soon."""

    function: str
    path: str
    status: int | None
    expected: int
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether the answer is the one it should be."""
        return self.status == self.expected


@click.command()
@click.option(
    "--url", required=True, help="Where MiniTwit is, like http://localhost:5000."
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=5.0,
    show_default=True,
    help="Seconds to wait for an answer.",
)
def status(url: str, timeout: float) -> None:
    """Show each function's answer and how long it took, the version and latest.

    An uptime probe that anybody can run: exits 1 unless every function answers.
    """
    with httpx.Client(base_url=url, timeout=timeout) as client:
        # The first request, so that none of the others waits for the connection.
        version = _field(client, "/openapi.json", "info", "version")
        answers = list(_probe(client))
        latest = _field(client, "/latest", "latest")
    console = Console()
    console.print(_table(answers))
    console.print(f"version {version}, latest {latest}")
    if bad := [answer.function for answer in answers if not answer.is_good]:
        raise click.ClickException(
            f"{' and '.join(bad)} did not answer as expected: see "
            "docs/runbooks/FunctionDown.md"
        )


def _probe(client: httpx.Client) -> Iterator[Answer]:
    for function, (path, expected) in _PROBES.items():
        start = perf_counter()
        try:
            status = client.get(path).status_code
        except httpx.TransportError:
            status = None
        yield Answer(function, path, status, expected, perf_counter() - start)


def _field(client: httpx.Client, path: str, *keys: str) -> str:
    """Return a field of a JSON answer, or a question mark."""
    try:
        found = client.get(path).json()
        for key in keys:
            found = found[key]
    except (httpx.TransportError, ValueError, KeyError, TypeError):
        return "?"
    return str(found)


def _table(answers: list[Answer]) -> Table:
    table = Table("function", "asked", "answer", "expected", "ms")
    for answer in answers:
        table.add_row(
            answer.function,
            answer.path,
            "none" if answer.status is None else str(answer.status),
            str(answer.expected),
            f"{answer.seconds * 1000:.1f}",
            style=None if answer.is_good else "red",
        )
    return table
