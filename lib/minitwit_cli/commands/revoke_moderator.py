"""`minitwit revoke-moderator`: no longer allow a user to hide messages."""

import os

import click

from minitwit.moderation.moderation import Moderation
from minitwit.postgres.database import Database
from minitwit.settings import DatabaseSettings
from minitwit_cli.commands.parameters import username_argument


@click.command()
@username_argument
def revoke_moderator(username: str) -> None:
    """Revoke the rights of the moderator NAME.

    Takes effect with the next request.

    The role in MINITWIT_DATABASE_URL must own the database.
    """
    database = Database(DatabaseSettings.from_environment(os.environ))
    Moderation(database).set_moderator(username, False)
    click.echo(f"{username} is no moderator.")
