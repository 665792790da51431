"""`minitwit revoke-moderator`: take the right to hide messages back."""

import os

import click

from minitwit.postgres.database import Database
from minitwit.settings import DatabaseSettings
from minitwit.users import Users


@click.command()
@click.argument("username", metavar="NAME")
def revoke_moderator(username: str) -> None:
    """Make the user NAME a moderator no longer; it takes effect at once.

    The role in MINITWIT_DATABASE_URL must own the database.
    """
    database = Database(DatabaseSettings.from_environment(os.environ))
    Users(database).set_moderator(username, False)
    click.echo(f"{username} is no moderator.")
