"""`minitwit grant-moderator`: let somebody hide messages and restore them."""

import os

import click

from minitwit.postgres.database import Database
from minitwit.settings import DatabaseSettings
from minitwit.users import Users


@click.command()
@click.argument("username", metavar="NAME")
def grant_moderator(username: str) -> None:
    """Make the user NAME a moderator; `minitwit revoke-moderator` takes it back.

    The role in MINITWIT_DATABASE_URL must own the database: the functions' own role
    cannot make moderators.
    """
    database = Database(DatabaseSettings.from_environment(os.environ))
    Users(database).set_moderator(username, True)
    click.echo(f"{username} is a moderator.")
