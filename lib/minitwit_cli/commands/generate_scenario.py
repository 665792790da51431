"""`minitwit generate-scenario`: make up a scenario for `minitwit simulate`."""

from typing import BinaryIO

import click

from minitwit_cli.simulator.generator import generate
from minitwit_cli.simulator.scenario import write


@click.command()
@click.option("--users", type=click.IntRange(min=1), default=200, show_default=True)
@click.option(
    "--actions",
    type=click.IntRange(min=1),
    default=25_922,
    show_default=True,
    help="Actions in all, registrations included.",
)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--output",
    type=click.File("wb", atomic=True),
    default="-",
    help="Where to write it.  [default: standard output]",
)
def generate_scenario(users: int, actions: int, seed: int, output: BinaryIO) -> None:
    """Make up a scenario to replay.

    The same numbers always give the same scenario. It has the proportions of the
    course's own, names and messages in many scripts, and every character that is
    hard on software.
    """
    if actions < users:
        raise click.UsageError(
            f"{actions} actions are too few to register {users} users: "
            "give more --actions or fewer --users."
        )
    write(generate(users, actions, seed), output)
