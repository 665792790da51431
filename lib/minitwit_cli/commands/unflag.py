"""`minitwit unflag`: restore a message that was hidden."""

import os

import click

from minitwit.messages import Messages
from minitwit.postgres.database import Database
from minitwit.settings import DatabaseSettings


@click.command()
@click.argument("message_id", type=click.IntRange(min=1), metavar="ID")
def unflag(message_id: int) -> None:
    """Restore the message ID, so that everybody sees it again."""
    database = Database(DatabaseSettings.from_environment(os.environ))
    Messages(database).set_hidden(message_id, False)
    click.echo(f"Message {message_id} is shown.")
