"""`minitwit flag`: hide a message from everybody but the moderators."""

import os

import click

from minitwit.messages import Messages
from minitwit.postgres.database import Database
from minitwit.settings import DatabaseSettings


@click.command()
@click.argument("message_id", type=click.IntRange(min=1), metavar="ID")
def flag(message_id: int) -> None:
    """Hide the message ID; `minitwit unflag` restores it.

    A moderator does the same with the button on a page, which also names the ID.
    """
    database = Database(DatabaseSettings.from_environment(os.environ))
    Messages(database).set_hidden(message_id, True)
    click.echo(f"Message {message_id} is hidden.")
