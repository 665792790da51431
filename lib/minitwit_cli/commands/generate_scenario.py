"""`minitwit generate-scenario`: generate a scenario for `minitwit simulate`."""

from typing import BinaryIO

import click

from minitwit_cli.simulator.generator import generate
from minitwit_cli.simulator.scenario import write

# A scenario is made in memory.
_MOST = 10_000_000


@click.command()
@click.option("--users", type=click.IntRange(1, _MOST), default=200, show_default=True)
@click.option(
    "--actions",
    type=click.IntRange(1, _MOST),
    default=25_922,
    show_default=True,
    help="Actions in total, including registrations.",
)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--output",
    # Not atomic=True, which replaces a device such as /dev/full by a file.
    type=click.File("wb"),
    default="-",
    help="File to write.  [default: standard output]",
)
def generate_scenario(users: int, actions: int, seed: int, output: BinaryIO) -> None:
    """Generate a scenario for `minitwit simulate`.

    The same options always give the same scenario. It has the proportions of the
    course's own scenario, names and messages in many scripts, and every character that
    software often gets wrong.
    """
    if actions < users:
        raise click.UsageError(
            f"{actions} actions are too few to register {users} users: "
            "give more --actions or fewer --users."
        )
    write(generate(users, actions, seed), output)
