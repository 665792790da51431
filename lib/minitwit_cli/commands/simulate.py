"""`minitwit simulate`: replay a scenario with the course simulator's requests."""

from collections.abc import Iterator
from time import monotonic
from typing import BinaryIO, TextIO

import click
from rich.console import Console
from rich.progress import track

from minitwit_cli.commands.parameters import SECONDS, SPEED, url_option
from minitwit_cli.simulator.client import (
    PUBLISHED_CREDENTIAL,
    SIMULATOR_TIMEOUT,
    NoAnswer,
    Outcome,
    SimulatorClient,
)
from minitwit_cli.simulator.replayer import replay
from minitwit_cli.simulator.report import show
from minitwit_cli.simulator.scenario import read


@click.command()
@click.argument("scenario", metavar="FILE", type=click.File("rb"))
@url_option
@click.option(
    "--concurrency",
    type=click.IntRange(min=1, max=256),
    default=1,
    show_default=True,
    help="Concurrent requests; actions that depend on each other keep their order.",
)
@click.option(
    "--speed",
    type=SPEED,
    help="Keep the recorded delays, divided by this number; the course's simulator "
    "has 100000.  [default: no delays]",
)
@click.option(
    "--credential-file",
    type=click.File("r", encoding="utf-8"),
    help="File that holds user:password.  [default: the published credential]",
)
@click.option(
    "--timeout",
    type=SECONDS,
    default=SIMULATOR_TIMEOUT,
    show_default=True,
    help="Seconds to wait for a connection, and for a response.",
)
def simulate(
    scenario: BinaryIO,
    url: str,
    concurrency: int,
    speed: float | None,
    credential_file: TextIO | None,
    timeout: float,
) -> None:
    """Replay the scenario FILE and report statuses, latencies and failures.

    - is standard input. Every request has the course simulator's headers, time-out and
    a connection of its own. Exits with 1 if a response is not 204; a name that is
    already registered is not a failure, so a scenario can be replayed twice.
    """
    actions = read(scenario)
    client = SimulatorClient(url, _credential(credential_file), timeout)
    _require_answer(client, url)

    started = monotonic()
    outcomes = list(
        _with_progress(
            replay(actions, client.send, concurrency, speed), total=len(actions)
        )
    )
    seconds = monotonic() - started

    show(outcomes, timeout, concurrency, Console())
    click.echo(
        f"{len(outcomes):,} actions in {seconds:.1f} s ({len(outcomes) / seconds:,.0f} "
        f"a second); GET /latest: {_latest(client)}"
    )
    if any(outcome.failure for outcome in outcomes):
        raise click.exceptions.Exit(1)


def _credential(file: TextIO | None) -> str:
    credential = file.read().strip() if file else PUBLISHED_CREDENTIAL
    if ":" not in credential:
        raise click.UsageError("--credential-file must hold one line: user:password")
    return credential


def _require_answer(client: SimulatorClient, url: str) -> None:
    """Stop before the first of thousands of actions if nothing answers."""
    try:
        client.latest()
    except NoAnswer as error:
        raise click.ClickException(
            f"nothing answers at {url} ({error}). Start MiniTwit there, with "
            "`make up` for instance, or correct --url."
        ) from error


def _latest(client: SimulatorClient) -> str:
    try:
        return client.latest()
    except NoAnswer as error:
        return str(error)


def _with_progress(outcomes: Iterator[Outcome], total: int) -> Iterator[Outcome]:
    console = Console(stderr=True)
    if console.is_terminal:
        yield from track(outcomes, "Replaying", total, console=console)
        return
    for done, outcome in enumerate(outcomes, start=1):
        yield outcome
        if done % 1000 == 0:
            click.echo(f"{done:,} of {total:,} actions", err=True)
