"""`minitwit finish-deletions`: complete the deletion of accounts."""

import os

import click

from minitwit.accounts.deletion import Deletions
from minitwit.postgres.database import Database
from minitwit.settings import DatabaseSettings


@click.command("finish-deletions")
def finish_deletions() -> None:
    """Complete the deletion of accounts with more than one request could delete.

    Sign-ins go on with a pending deletion as well, each for a moment. Safe to
    interrupt, to repeat, and to run while MiniTwit serves.
    """
    number = 0
    settings = DatabaseSettings.from_environment(os.environ)
    for user_id in Deletions(Database(settings)).finish():
        click.echo(f"The account with the id {user_id} is deleted.")
        number += 1
    if not number:
        click.echo("No deletion is pending.")
