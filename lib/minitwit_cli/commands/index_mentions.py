"""`minitwit index-mentions`: find the mentions in messages from before."""

import os

import click

from minitwit.discovery.mentions import Mentions
from minitwit.postgres.database import Database
from minitwit.settings import DatabaseSettings
from minitwit_cli.commands.parameters import MAX_ID


@click.command("index-mentions")
@click.option(
    "--after",
    type=click.IntRange(-MAX_ID - 1, MAX_ID),
    default=-MAX_ID - 1,
    metavar="ID",
    help="Begin behind this message, where an interrupted run ended.",
)
def index_mentions(after: int) -> None:
    """Find the mentions in messages that were imported or posted by earlier releases.

    Posting does it for every new message; run this once after `minitwit import-sqlite`
    and after the release that brought mentions. Functions may serve meanwhile, and
    repeating it changes nothing.
    """
    database = Database(DatabaseSettings.from_environment(os.environ))
    total = 0
    for last, added in Mentions(database).index(after):
        total += added
        click.echo(f"up to message {last}: {total} mentions added")
    click.echo("All messages are indexed.")
