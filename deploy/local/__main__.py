"""Command line of the local run: `python -m deploy.local`."""

import ctypes
import io
import signal
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec

import click

from deploy.local import launcher, minitwit_commands, scaling
from deploy.local.errors import LocalRunError
from deploy.local.paths import CHECKOUT, Paths
from deploy.local.ports import parse_port
from deploy.local.replicas import parse_scale
from deploy.local.status import status as status_table

_P = ParamSpec("_P")

_PR_SET_PDEATHSIG = 1


def _in_folder(
    command: Callable[Concatenate[Paths, _P], None],
) -> Callable[..., None]:
    """Add the option --folder, and turn errors into one sentence."""

    @click.option(
        "--folder",
        type=click.Path(path_type=Path, file_okay=False, readable=False),
        default=CHECKOUT / ".minitwit",
        help="The folder of data, logs and secrets; by default .minitwit.",
    )
    @wraps(command)
    def wrapper(folder: Path, *args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            command(Paths(folder.absolute()), *args, **kwargs)
        except LocalRunError as error:
            raise click.ClickException(str(error)) from None
        except OSError as error:
            # A disk that is full or read-only, for instance.
            if error.filename is None:
                raise
            raise click.ClickException(f"{error.filename}: {error.strerror}") from None

    return wrapper


@click.group()
def main() -> None:
    """Run MiniTwit on this machine without Docker."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Not every terminal's encoding has every character.
            stream.reconfigure(errors="replace")


@main.command()
@_in_folder
@click.option("--port", default="5000", help="0 takes a free one.", show_default=True)
@click.option("--scale", default="", help='Replicas, as in "timeline=3 messages=2".')
@click.option("--no-fsync", is_flag=True, help="Do not sync to disk; for tests.")
@click.option("--with-parent", is_flag=True, help="Stop when the parent process ends.")
def up(paths: Paths, port: str, scale: str, no_fsync: bool, with_parent: bool) -> None:
    """Start everything, and stop it with Ctrl-C."""
    if with_parent:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    launcher.up(paths, parse_port(port), parse_scale(scale), durable=not no_fsync)


@main.command()
@_in_folder
@click.argument("replicas")
def scale(paths: Paths, replicas: str) -> None:
    """Change the replicas of a running system, as in "timeline=3"."""
    system = scaling.scale(paths, replicas)
    click.echo(f"Runs now: {', '.join(r.name for r in system.replicas)}")


@main.command()
@_in_folder
def status(paths: Paths) -> None:
    """Show what runs."""
    click.echo(status_table(paths))


@main.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@_in_folder
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def minitwit(paths: Paths, arguments: tuple[str, ...]) -> None:
    """Run a `minitwit` command on the running system, as its database's owner."""
    minitwit_commands.run(paths, arguments)


if __name__ == "__main__":
    main(prog_name="python -m deploy.local")
