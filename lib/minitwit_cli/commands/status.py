"""`minitwit status`: health check of a MiniTwit from outside, without credentials.

Where it reaches Patroni, it also shows the database servers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import click
import httpx
from rich.console import Console
from rich.table import Table

from minitwit.postgres.certificate_authority import trusting
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
@click.option(
    "--patroni",
    "patroni_urls",
    multiple=True,
    envvar="MINITWIT_PATRONI_URLS",
    help="Base URL of a database server's Patroni; may be repeated, any of them "
    "answers for all.  [default: $MINITWIT_PATRONI_URLS, separated by spaces]",
)
@click.option(
    "--patroni-ca",
    type=click.Path(path_type=Path),
    envvar="MINITWIT_DATABASE_CA_FILE",
    help="Certificates of the authorities of Patroni's HTTPS, in PEM.  "
    "[default: $MINITWIT_DATABASE_CA_FILE]",
)
def status(
    url: str, timeout: float, patroni_urls: tuple[str, ...], patroni_ca: Path | None
) -> None:
    """Probe each function; show status, latency, version and `latest`.

    With --patroni, also show which database server is the primary and how far the
    others are behind. Exits with 1 unless every function answers as expected, and the
    database has a primary.
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
    servers = []
    if patroni_urls:
        servers = _database_servers(patroni_urls, patroni_ca, timeout)
        console.print(_servers_table(servers))
    if bad := [answer.function for answer in answers if not answer.is_good]:
        raise click.ClickException(
            f"{' and '.join(bad)} did not answer as expected: see "
            "docs/runbooks/FunctionDown.md"
        )
    if patroni_urls and not any(server["role"] == "leader" for server in servers):
        raise click.ClickException(
            "The database has no primary: see docs/runbooks/PostgresDown.md"
        )


def _database_servers(
    urls: tuple[str, ...], ca: Path | None, timeout: float
) -> list[dict[str, Any]]:
    """Return what the first Patroni that answers knows of all servers."""
    try:
        trusted = trusting(ca) if ca else True
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--patroni-ca") from None
    failures = []
    with httpx.Client(verify=trusted, timeout=timeout, trust_env=False) as client:
        for url in urls:
            try:
                return list(client.get(f"{url}/cluster").json()["members"])
            except (httpx.TransportError, ValueError, KeyError) as error:
                failures.append(f"{url}: {error}")
    raise click.ClickException(
        "No Patroni answered. They are reachable in the network `data` "
        f"(docs/operations.md, See what runs). {'; '.join(failures)}"
    )


def _servers_table(servers: list[dict[str, Any]]) -> Table:
    table = Table("database server", "role", "state", "bytes behind")
    for server in servers:
        is_leader = server["role"] == "leader"
        role = "primary" if is_leader else server["role"].replace("_", " ")
        behind = "" if is_leader else str(server.get("replay_lag", "unknown"))
        table.add_row(server["name"], role, server["state"], behind)
    return table


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
