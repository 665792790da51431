"""What operators type: `minitwit <verb>`, one module a verb."""

import importlib
import os
from typing import ClassVar

import click

from minitwit.errors import MiniTwitError


class _Verbs(click.Group):
    """Imports a verb only when it is typed, so that each starts fast."""

    modules: ClassVar[dict[str, str]] = {
        "check-database": "check_database",
        "flag": "flag",
        "generate-scenario": "generate_scenario",
        "grant-moderator": "grant_moderator",
        "import-sqlite": "import_sqlite",
        "migrate": "migrate",
        "revoke-moderator": "revoke_moderator",
        "simulate": "simulate",
        "status": "status",
        "unflag": "unflag",
    }

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return sorted(self.modules)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.modules:
            return None
        module = importlib.import_module(f"{__name__}.{self.modules[name]}")
        command: click.Command = getattr(module, self.modules[name])
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Say what went wrong in a sentence, without a traceback."""
        try:
            return super().invoke(ctx)
        except MiniTwitError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Verbs)
@click.version_option(os.environ.get("MINITWIT_VERSION", "development"))
def main() -> None:
    """Run and look after a MiniTwit."""
