"""`minitwit status`: health check of a MiniTwit from outside, without credentials."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

import click
import httpx
from rich.console import Console
from rich.table import Table

from minitwit.web.routes import FUNCTIONS, probe
from minitwit_cli.commands.parameters import SECONDS, url_option
from minitwit_cli.simulator.base_url import parse_base_url


@dataclass(frozen=True)
class Answer:
    """Result of a function's probe; the status is None without an HTTP response."""

    function: str
    path: str
    status: int | None
    expected: int
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether the function answered with the expected status."""
        return self.status == self.expected


@click.command()
@url_option
@click.option(
    "--timeout",
    type=SECONDS,
    default=5.0,
    show_default=True,
    help="Seconds to wait for an answer.",
)
def status(url: str, timeout: float) -> None:
    """Probe each function; show status, latency, version and `latest`.

    Exits with 1 unless every function answers as expected.
    """
    parse_base_url(url)
    # Straight to the server, as the simulator: not through the proxy of a variable.
    with httpx.Client(base_url=url, timeout=timeout, trust_env=False) as client:
        # First, so that no probe's latency includes opening the connection.
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
    for function in FUNCTIONS:
        path, expected = probe(function)
        start = perf_counter()
        try:
            status = client.get(path).status_code
        except httpx.TransportError:
            status = None
        yield Answer(function, path, status, expected, perf_counter() - start)


def _field(client: httpx.Client, path: str, *keys: str) -> str:
    """Return a field of a JSON answer, "?" if there is none."""
    try:
        found = client.get(path).json()
        for key in keys:
            found = found[key]
    except (httpx.TransportError, ValueError, KeyError, TypeError):
        return "?"
    return str(found)


def _table(answers: list[Answer]) -> Table:
    table = Table("function", "path", "status", "expected", "ms")
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
