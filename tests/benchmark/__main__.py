"""`python -m tests.benchmark`: run the benchmark or a part, or profile the hot path."""

import json
from pathlib import Path
from statistics import median

import click

from tests.benchmark import comparison, encryption, partitioning, replay, scaling
from tests.benchmark.dataset import DATA_SETS
from tests.benchmark.droplets import measure, running_droplets
from tests.benchmark.endpoints import endpoints
from tests.benchmark.experiments import Effort, ratio
from tests.benchmark.processes import ROOT
from tests.benchmark.profile import profile
from tests.benchmark.report import save, write
from tests.benchmark.run import deployed, machine_in, pages_in_turns, run
from tests.benchmark.storage import running_storage

_FOLDER = ROOT / ".minitwit" / "benchmark"
_EFFORTS = {"full": Effort(4, 5), "short": Effort(2, 3), "smoke": Effort(1, 1)}
_REQUESTS = {"full": 100_000, "short": 100_000, "smoke": 1_000}


@click.group()
def main() -> None:
    """Measure MiniTwit beside what it is compared with."""


@main.command("run")
@click.option("--effort", type=click.Choice(list(_EFFORTS)), default="full")
@click.option(
    "--report",
    "report",
    type=click.Path(path_type=Path),
    default=ROOT / "docs" / "benchmark.md",
    help="Where the report goes, with its data and plots beside it.",
)
def run_command(effort: str, report: Path) -> None:
    """Run everything side by side and write the report."""
    for results in run(_FOLDER, _EFFORTS[effort], _REQUESTS[effort], click.echo):
        save(results, report)
    write(results, report)
    scaling.write()  # It depends on the benchmark's data.
    click.echo(f"{report} is written.")


@main.command("latency")
@click.option("--effort", type=click.Choice(list(_EFFORTS)), default="short")
def latency_command(effort: str) -> None:
    """Measure only the latency of each endpoint, in a few minutes, and print it."""
    results = next(run(_FOLDER, _EFFORTS[effort], _REQUESTS[effort], click.echo))
    for name, endpoint in results["latency"].items():
        for data_set in DATA_SETS:
            cost = endpoint[data_set]
            click.echo(
                f"{name}, {data_set}: p50 {cost['p50']:.1f} ms, p99 {cost['p99']:.1f} "
                f"ms, {cost['failed']} failed, CPU {cost['function_cpu']:.0f} + "
                f"{cost['database_cpu']:.0f} us"
            )


@main.command("pages")
@click.option("--effort", type=click.Choice(list(_EFFORTS)), default="short")
def pages_command(effort: str) -> None:
    """Compare the pages with the public timeline, at 100,000 messages, in a minute."""
    with (
        machine_in(_FOLDER) as machine,
        deployed(machine, DATA_SETS["100k"]) as deployment,
    ):
        rates = pages_in_turns(deployment, _EFFORTS[effort])
    for name, page in rates.items():
        share = ratio(rates, name, "GET /public")
        click.echo(f"{name}: {median(page):,.0f} requests/s, {share:.2f} of /public")


@main.command("against")
@click.argument("checkout", type=click.Path(exists=True, path_type=Path))
@click.option("--effort", type=click.Choice(list(_EFFORTS)), default="short")
@click.option("--starts", type=click.IntRange(1), default=1, help="Of both.")
@click.option(
    "--endpoint",
    "names",
    type=click.Choice([endpoint.name for endpoint in endpoints({})]),
    multiple=True,
    help="As the report calls it.",
)
def against_command(
    checkout: Path, effort: str, starts: int, names: tuple[str, ...]
) -> None:
    """Compare each endpoint with another checkout, in which `make setup` was run."""
    chosen = _EFFORTS[effort], starts, names
    for line in comparison.shares(checkout.resolve(), _FOLDER, *chosen):
        click.echo(line)


@main.command("encryption")
@click.option("--effort", type=click.Choice(list(_EFFORTS)), default="full")
def encryption_command(effort: str) -> None:
    """Measure what TLS to PostgreSQL costs (needs tests/data/install-postgres)."""
    for line in encryption.costs(_FOLDER, _EFFORTS[effort]):
        click.echo(line)


@main.command("capacity")
@click.option("--effort", type=click.Choice(list(_EFFORTS)), default="full")
def capacity_command(effort: str) -> None:
    """Check the capacity model by droplets with CPU quotas; write docs/scaling.md."""
    with machine_in(_FOLDER) as machine:
        with running_droplets(machine, DATA_SETS["100k"]) as droplets:
            measured = measure(droplets, _EFFORTS[effort], click.echo)
    click.echo("replay")
    measured["replay"] = replay.microseconds(_FOLDER, _EFFORTS[effort])
    scaling.save(measured)
    scaling.write()
    click.echo(f"{scaling.PAGE} is written.")


@main.command("partitions")
@click.option("--effort", type=click.Choice(list(_EFFORTS)), default="short")
@click.option("--data-set", type=click.Choice(["100k", "3.2m"]), default="3.2m")
@click.option("--partitions", "numbers", type=int, multiple=True, default=[2, 10])
def partitions_command(effort: str, data_set: str, numbers: tuple[int, ...]) -> None:
    """Compare messages in one table, ten times as many, and these in partitions."""
    with running_storage(_FOLDER) as storage:
        chosen = DATA_SETS[data_set], numbers, _EFFORTS[effort]
        for line in partitioning.costs(storage, *chosen):
            click.echo(line)


@main.command("report")
@click.argument("report", type=click.Path(path_type=Path))
def report_command(report: Path) -> None:
    """Write a report, and docs/scaling.md, anew from the data beside them."""
    write(json.loads(report.with_suffix(".json").read_text()), report)
    scaling.write()


@main.command("profile")
def profile_command() -> None:
    """Print where the function's time goes for a read and a write."""
    with machine_in(_FOLDER) as machine:
        click.echo(profile(machine))


main()
