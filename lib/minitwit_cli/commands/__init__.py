"""The command line `minitwit`: one module for each command."""

import importlib
import io
import os
import sys
from typing import Any, ClassVar

import click

from minitwit.errors import MiniTwitError


class _Commands(click.Group):
    """Imports a command only when it is called, so that each starts fast."""

    modules: ClassVar[dict[str, str]] = {
        "check-database": "check_database",
        "completion": "completion",
        "finish-deletions": "finish_deletions",
        "flag": "flag",
        "generate-scenario": "generate_scenario",
        "grant-moderator": "grant_moderator",
        "import-sqlite": "import_sqlite",
        "index-mentions": "index_mentions",
        "migrate": "migrate",
        "reset-password": "reset_password",
        "revoke-moderator": "revoke_moderator",
        "simulate": "simulate",
        "status": "status",
        "suspend": "suspend",
        "unflag": "unflag",
        "unsuspend": "unsuspend",
    }

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return sorted(self.modules)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.modules:
            return None
        module = importlib.import_module(f"{__name__}.{self.modules[name]}")
        command: click.Command = getattr(module, self.modules[name])
        return command

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line; a full disk, for instance, becomes one sentence."""
        try:
            return super().main(*args, **kwargs)
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            click.echo(f"Error: {place}{error.strerror or error}.", err=True)
            sys.exit(1)

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; a MiniTwitError becomes one sentence without a traceback."""
        try:
            return super().invoke(ctx)
        except MiniTwitError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands)
@click.version_option(os.environ.get("MINITWIT_VERSION", "development"))
def main() -> None:
    """Operate a MiniTwit: its database, moderators, and checks from outside."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Not every terminal's encoding has every character.
            stream.reconfigure(errors="replace")
