"""`minitwit flag`: hide a message from everyone except moderators."""

import os

import click

from minitwit.moderation.moderation import Moderation
from minitwit.postgres.database import Database
from minitwit.settings import DatabaseSettings
from minitwit_cli.commands.parameters import message_id_argument


@click.command()
@message_id_argument
def flag(message_id: int) -> None:
    """Hide the message ID from everyone except moderators.

    `minitwit unflag` restores it. Moderators have a button for the same on each page;
    its label for screen readers holds the ID.
    """
    database = Database(DatabaseSettings.from_environment(os.environ))
    Moderation(database).set_hidden(message_id, True)
    click.echo(f"Message {message_id} is hidden.")
