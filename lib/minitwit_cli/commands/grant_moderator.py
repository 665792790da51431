"""`minitwit grant-moderator`: allow a user to hide and restore messages."""

import os

import click

from minitwit.moderation.moderation import Moderation
from minitwit.postgres.database import Database
from minitwit.settings import DatabaseSettings
from minitwit_cli.commands.parameters import username_argument


@click.command()
@username_argument
def grant_moderator(username: str) -> None:
    """Allow the user NAME to hide and restore messages.

    The user becomes a moderator; `minitwit revoke-moderator` reverses it. The role in
    MINITWIT_DATABASE_URL must own the database: the functions' may not do this.
    """
    database = Database(DatabaseSettings.from_environment(os.environ))
    Moderation(database).set_moderator(username, True)
    click.echo(f"{username} is a moderator.")
