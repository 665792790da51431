"""`minitwit completion`: the tab key completes commands and options."""

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

_SHELLS = {"bash": BashComplete, "fish": FishComplete, "zsh": ZshComplete}
# The name that click derives from `minitwit`.
_VARIABLE = "_MINITWIT_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(sorted(_SHELLS)))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash: eval "$(minitwit completion bash)" in ~/.bashrc
    zsh:  eval "$(minitwit completion zsh)" in ~/.zshrc
    fish: minitwit completion fish > ~/.config/fish/completions/minitwit.fish
    """  # noqa: D301  click wants the character
    commands = context.find_root().command
    click.echo(_SHELLS[shell](commands, {}, "minitwit", _VARIABLE).source())
