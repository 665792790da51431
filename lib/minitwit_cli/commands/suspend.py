"""`minitwit suspend`: keep an account from signing in and posting, and hide it."""

import math
import os

import click

from minitwit.moderation.suspensions import Suspensions
from minitwit.postgres.database import Database
from minitwit.settings import DatabaseSettings
from minitwit_cli.commands.parameters import username_argument


@click.command()
@username_argument
def suspend(username: str) -> None:
    """Suspend the user NAME, who can then neither sign in nor post.

    Ends the user's sessions at once, and hides the user's messages, newest first. If it
    is interrupted, repeat it; moderators' visits to the queue of reports finish it as
    well. `minitwit unsuspend` reverses it.
    """
    database = Database(DatabaseSettings.from_environment(os.environ))
    suspensions = Suspensions(database)
    suspensions.suspend(username)
    suspensions.run_jobs(math.inf)
    click.echo(f"{username} is suspended.")
