"""`minitwit unflag`: restore a hidden message."""

import os

import click

from minitwit.moderation.moderation import Moderation
from minitwit.postgres.database import Database
from minitwit.settings import DatabaseSettings
from minitwit_cli.commands.parameters import message_id_argument


@click.command()
@message_id_argument
def unflag(message_id: int) -> None:
    """Restore the hidden message ID."""
    database = Database(DatabaseSettings.from_environment(os.environ))
    Moderation(database).set_hidden(message_id, False)
    click.echo(f"Message {message_id} is shown.")
