"""`minitwit reset-password`: a one-time link by which a user sets a new password."""

import os
import re

import click

from minitwit.accounts.password_resets import PasswordResets, digest, new_token
from minitwit.postgres.database import Database
from minitwit.settings import DatabaseSettings
from minitwit.web.browser_responses import reset_path
from minitwit_cli.commands.parameters import url_option, username_argument

_SHA256 = re.compile("[0-9a-f]{64}")


def _require_digest(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> str | None:
    if value is not None and not _SHA256.fullmatch(value):
        raise click.BadParameter("write 64 hexadecimal digits in lower case.")
    return value


@click.command()
@username_argument
@url_option
@click.option(
    "--token-digest",
    metavar="SHA256",
    callback=_require_digest,
    help="Add the link of a token that was made elsewhere, and print none.",
)
def reset_password(username: str, url: str, token_digest: str | None) -> None:
    """Print a link by which the user NAME sets a new password.

    It works once, for an hour, and replaces earlier ones. Only the user may read it.
    The user's sessions end when it is used. Where the output is logged, pass the digest
    of a token instead, as deploy/reset-password.sh does.

    The role in MINITWIT_DATABASE_URL must own the database.
    """
    token = new_token()
    database = Database(DatabaseSettings.from_environment(os.environ))
    PasswordResets(database).add(username, token_digest or digest(token))
    if token_digest is None:
        click.echo(url.rstrip("/") + reset_path(token))
