"""`minitwit unsuspend`: lift the suspension of an account."""

import math
import os

import click

from minitwit.moderation.suspensions import Suspensions
from minitwit.postgres.database import Database
from minitwit.settings import DatabaseSettings
from minitwit_cli.commands.parameters import username_argument


@click.command()
@username_argument
def unsuspend(username: str) -> None:
    """Lift the suspension of the user NAME.

    Shows the messages again that the suspension has hidden, but not those that
    moderators hid one by one. If it is interrupted, repeat it.
    """
    database = Database(DatabaseSettings.from_environment(os.environ))
    suspensions = Suspensions(database)
    suspensions.lift(username)
    suspensions.run_jobs(math.inf)
    click.echo(f"{username} is not suspended.")
