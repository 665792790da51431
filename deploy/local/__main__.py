"""The command line: `python -m deploy.local up | scale | status`."""

import ctypes
import signal
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec

import click

from deploy.local import launcher, scaling
from deploy.local.errors import LocalRunError
from deploy.local.layout import CHECKOUT, Layout
from deploy.local.replicas import parse_scale
from deploy.local.status import status as status_table

_P = ParamSpec("_P")

_PR_SET_PDEATHSIG = 1


def _on_folder(
    command: Callable[Concatenate[Path, _P], None],
) -> Callable[..., None]:
    """Add the folder's option, and say what went wrong without a traceback."""

    @click.option(
        "--folder",
        type=click.Path(path_type=Path, file_okay=False, readable=False),
        default=CHECKOUT / ".minitwit",
        help="Where data, logs and secrets are; by default .minitwit.",
    )
    @wraps(command)
    def wrapper(folder: Path, *args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            command(folder.absolute(), *args, **kwargs)
        except LocalRunError as error:
            raise click.ClickException(str(error)) from None

    return wrapper


@click.group()
def main() -> None:
    """Run MiniTwit on this machine without Docker."""


@main.command()
@_on_folder
@click.option("--port", default=5000, type=click.IntRange(0, 65535), show_default=True)
@click.option("--scale", default="", help='As in "timeline=3 messages=2".')
@click.option("--forgetful", is_flag=True, help="Never wait for the disk; for tests.")
@click.option("--with-parent", is_flag=True, help="Stop when the parent process ends.")
def up(folder: Path, port: int, scale: str, forgetful: bool, with_parent: bool) -> None:
    """Start everything, and stop it with Ctrl-C."""
    if with_parent:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    launcher.up(Layout(folder), port, parse_scale(scale), durable=not forgetful)


@main.command()
@_on_folder
@click.argument("wanted")
def scale(folder: Path, wanted: str) -> None:
    """Change the replicas of what runs, as in "timeline=3"."""
    system = scaling.scale(Layout(folder), wanted)
    click.echo(f"Runs now: {', '.join(r.name for r in system.replicas)}")


@main.command()
@_on_folder
def status(folder: Path) -> None:
    """Show what runs."""
    click.echo(status_table(Layout(folder)))


if __name__ == "__main__":
    main(prog_name="python -m deploy.local")
